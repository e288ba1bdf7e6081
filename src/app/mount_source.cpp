#include "app/mount_source.hpp"

#include <algorithm>

#include "blob/blob_requests.hpp"
#include "tree/names.hpp"

namespace blobmount {
namespace {

Error wrong(std::string_view text, std::string_view why) {
  return {ErrorCode::invalid_argument, "cannot mount '" + std::string(text) + "': " + std::string(why)};
}

/// `text` is what stands before it.
Error sas_in(std::string_view text) {
  return wrong(
      text,
      "a SAS does not belong here, where everybody can see it: put what follows the '?' into a file, for "
      "--sas-file");
}

/// https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name
bool is_account_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() >= 3 && name.size() <= 24 && std::all_of(name.begin(), name.end(), allowed);
}

/// Everything up to the first '/', which goes too.
std::string_view take_component(std::string_view& path) {
  const auto component = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), component.size() + 1));
  return component;
}

bool has_account_in_path(std::string_view host) {
  const bool is_address =
      host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_address || host == "localhost";
}

/// "CONTAINER[/PREFIX]", already decoded.
Status set_place(MountSource& source, std::string_view text, std::string_view place) {
  if (place.empty()) return {};
  source.container = take_component(place);
  if (source.container.empty()) return wrong(text, "the name of the container is empty");
  if (!can_name_container(source.container)) {
    return wrong(text, "no container can be called '" + source.container + "' (3 to 63 of a-z, 0-9 and '-')");
  }
  while (!place.empty()) {
    const auto component = take_component(place);
    if (!is_file_name(component))
      return wrong(text, "'" + std::string(component) + "' cannot be a part of a path");
    source.prefix.append(component).append("/");
  }
  return {};
}

Result<MountSource> parse_name(std::string_view text, std::string_view endpoint_suffix) {
  auto place = text;
  const auto account = take_component(place);
  // behind the container, a '?' can be a part of a name
  const auto names = text.substr(0, text.find('/', account.size() + 1));
  const auto question = text.find('?');
  if (question < names.size() || text.find("sig=", question) != std::string_view::npos)
    return sas_in(text.substr(0, question));
  // of a SAS, or of a connection string
  if (account.find('=') != std::string_view::npos) return sas_in("");
  if (!is_account_name(account)) {
    return wrong(
        text, "'" + std::string(account) + "' is not the name of a storage account (3 to 24 of a-z and 0-9)");
  }
  MountSource source{.account = std::string(account)};
  source.endpoint = {.scheme = "https", .host = source.account + ".blob." + std::string(endpoint_suffix)};
  BM_TRY(set_place(source, text, place));
  return source;
}

Result<MountSource> parse_source_url(std::string_view written) {
  BM_ASSIGN(url, parse_url(written));
  const auto text = written.substr(0, written.find('?'));  // what follows may be a signature
  if (!url.query.empty()) return sas_in(text);
  if (!keeps_secrets(url)) return wrong(text, "write https://, so that no credential travels in the clear");

  const auto decoded = percent_decode(std::string_view(url.path).substr(1));
  if (!decoded) return wrong(text, "a '%' is not followed by two hexadecimal digits");
  std::string_view place = *decoded;

  MountSource source;
  source.endpoint = {.scheme = url.scheme, .host = url.host, .port = url.port};
  if (has_account_in_path(url.host)) {
    source.account = take_component(place);
    source.endpoint.path = "/" + percent_encode(source.account, false);
  } else {
    source.account = url.host.substr(0, url.host.find('.'));
  }
  if (source.account.empty()) return wrong(text, "the account's name is missing");
  BM_TRY(set_place(source, text, place));
  return source;
}

}  // namespace

Result<MountSource> parse_mount_source(std::string_view text, std::string_view endpoint_suffix) {
  const bool is_url = text.find("://") != std::string_view::npos;
  return is_url ? parse_source_url(text) : parse_name(text, endpoint_suffix);
}

std::string name_of(const MountSource& source) {
  auto name = source.account;
  if (!source.container.empty()) name += "/" + source.container;
  if (!source.prefix.empty()) name += "/" + source.prefix.substr(0, source.prefix.size() - 1);
  return name;
}

}  // namespace blobmount
