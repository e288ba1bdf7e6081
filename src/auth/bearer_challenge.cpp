#include "auth/bearer_challenge.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "blobmount/http.hpp"

#include "base/text.hpp"

namespace blobmount {
namespace {

constexpr std::size_t longest_header = 4096;
constexpr std::size_t longest_domain = 253;

/// Names, in lower case, and values.
using Fields = std::map<std::string, std::string>;

bool is_separator(char c) { return c == ' ' || c == ',' || c == '\t'; }

/// Up to the next separator that is not within quotes, which go too.
std::string take_word(std::string_view& text) {
  std::string word;
  bool quoted = false;
  while (!text.empty() && (quoted || !is_separator(text.front()))) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') {
      quoted = !quoted;
    } else {
      word += c;
    }
  }
  while (!text.empty() && is_separator(text.front())) text.remove_prefix(1);
  return word;
}

/// Of the challenge whose scheme is Bearer: the first field of each name.
Fields bearer_fields(std::string_view header) {
  Fields fields;
  bool is_bearer = false;
  while (!header.empty()) {
    const auto word = take_word(header);
    const auto equals = word.find('=');
    if (word.empty()) continue;
    if (equals == std::string::npos) {
      is_bearer = lower(word) == "bearer";
    } else if (is_bearer) {
      fields.emplace(lower(word.substr(0, equals)), word.substr(equals + 1));
    }
  }
  return fields;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_guid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, shape,
                            [](char c, char place) { return place == 'x' ? is_hex(lower(c)) : c == place; });
}

/// With a dot: "common" and "organizations" are no tenants.
bool is_domain(std::string_view text) {
  const auto allowed = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  const auto edge = [](char c) { return c == '-' || c == '.'; };
  return text.size() <= longest_domain && text.find('.') != std::string_view::npos &&
         text.find("..") == std::string_view::npos && !edge(text.front()) && !edge(text.back()) &&
         std::ranges::all_of(text, allowed);
}

std::string tenant_in(const std::string& authorization_uri) {
  const auto url = parse_url(authorization_uri);
  if (!url || url->scheme != "https") return {};
  const auto tenant = url->path.substr(1, url->path.find('/', 1) - 1);
  return is_guid(tenant) || is_domain(tenant) ? tenant : "";
}

std::string resource_in(const std::string& resource_id, std::string_view host) {
  const auto url = parse_url(resource_id);
  const bool is_host_alone =
      url && url->scheme == "https" && url->port == 0 && url->path == "/" && url->query.empty();
  if (!is_host_alone) return {};
  const auto wanted = lower(url->host);
  return wanted == "storage.azure.com" || wanted == lower(host) ? "https://" + wanted : "";
}

}  // namespace

BearerChallenge parse_bearer_challenge(std::string_view header, std::string_view host) {
  if (header.size() > longest_header) return {};
  auto fields = bearer_fields(header);
  return {.tenant = tenant_in(fields["authorization_uri"]),
          .resource = resource_in(fields["resource_id"], host)};
}

}  // namespace blobmount
