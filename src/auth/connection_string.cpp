#include "auth/connection_string.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace blobmount {
namespace {

/// Names, in lower case, and values.
using Fields = std::map<std::string, Secret>;

Error wrong(const std::string& what) {
  return {ErrorCode::invalid_argument, "the connection string is not usable: " + what};
}

Result<Fields> fields_of(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const auto field = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    if (field.empty()) continue;
    const auto equals = field.find('=');  // values may have more of them
    if (equals == std::string_view::npos || equals == 0)
      return wrong("between two ';' there is no NAME=VALUE (is it in one line, and complete?)");
    fields[lower(field.substr(0, equals))] = Secret(std::string(field.substr(equals + 1)));
  }
  return fields;
}

std::string text_of(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found != fields.end() ? std::string(found->second.reveal()) : "";
}

/// Of Azurite and the emulators before it, in the documentation for everybody.
/// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
ConnectionString emulator() {
  constexpr auto key =
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
  return {.account = "devstoreaccount1",
          .endpoint = {.scheme = "http", .host = "127.0.0.1", .port = 10000, .path = "/devstoreaccount1"},
          .credential = SharedKey{Secret(key)}};
}

Result<Url> endpoint_of(const Fields& fields, const std::string& account) {
  if (const auto written = text_of(fields, "blobendpoint"); !written.empty()) {
    auto url = parse_url(written);
    if (!url || !url->query.empty()) return wrong("BlobEndpoint is no http or https URL of an endpoint");
    while (url->path.size() > 1 && url->path.ends_with('/')) url->path.pop_back();
    return url;
  }
  if (account.empty()) return wrong("AccountName and BlobEndpoint are both missing");
  auto protocol = lower(text_of(fields, "defaultendpointsprotocol"));
  if (protocol.empty()) protocol = "https";
  if (protocol != "https" && protocol != "http")
    return wrong("DefaultEndpointsProtocol is neither https nor http");
  auto suffix = text_of(fields, "endpointsuffix");
  if (suffix.empty()) suffix = Cloud{}.endpoint_suffix;
  return Url{.scheme = protocol, .host = account + ".blob." + suffix};
}

/// Where the account is not named, the endpoint is: the first label of its host, or, of an emulator, its
/// path.
std::string account_of(const Url& endpoint) {
  if (endpoint.path.size() > 1) return endpoint.path.substr(1, endpoint.path.find('/', 1) - 1);
  return endpoint.host.substr(0, endpoint.host.find('.'));
}

/// Only one of `account`.
Result<ConnectionString> parse_of(const Secret& text, const std::string& account) {
  BM_ASSIGN(parsed, parse_connection_string(text));
  if (parsed.account == account) return parsed;
  return wrong("it is of the account '" + parsed.account + "' and not of '" + account + "'; mount anew");
}

}  // namespace

Result<ConnectionString> parse_connection_string(const Secret& text) {
  BM_ASSIGN(fields, fields_of(text.reveal()));
  if (lower(text_of(fields, "usedevelopmentstorage")) == "true") return emulator();

  ConnectionString parsed{.account = text_of(fields, "accountname")};
  BM_ASSIGN(endpoint, endpoint_of(fields, parsed.account));
  if (!keeps_secrets(endpoint)) return wrong("it names an http endpoint: use https");
  parsed.endpoint = std::move(endpoint);
  if (parsed.account.empty()) parsed.account = account_of(parsed.endpoint);
  if (const auto key = fields.find("accountkey"); key != fields.end()) {
    parsed.credential = SharedKey{key->second};
  } else if (const auto sas = fields.find("sharedaccesssignature"); sas != fields.end()) {
    parsed.credential = SharedAccessSignature{.token = sas->second};
  }
  return parsed;
}

bool is_connection_string(const Secret& text) {
  const auto fields = fields_of(text.reveal());
  return fields && (fields->contains("accountkey") || fields->contains("sharedaccesssignature") ||
                    fields->contains("usedevelopmentstorage"));
}

Result<Secret> key_in(const Secret& text, const std::string& account) {
  BM_ASSIGN(parsed, parse_of(text, account));
  if (auto* const key = std::get_if<SharedKey>(&parsed.credential)) return std::move(key->key);
  return wrong("it has no AccountKey any more; mount anew");
}

Result<Secret> signature_in(const Secret& text, const std::string& account) {
  BM_ASSIGN(parsed, parse_of(text, account));
  if (auto* const sas = std::get_if<SharedAccessSignature>(&parsed.credential)) return std::move(sas->token);
  return wrong("it has an AccountKey now, or no SharedAccessSignature any more; mount anew");
}

}  // namespace blobmount
