#include "http/request_check.hpp"

#include <algorithm>

namespace blobmount {
namespace {

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// A token of RFC 9110, which is what methods and names of fields are.
bool is_token(std::string_view text) {
  static constexpr std::string_view delimiters = " \"(),/:;<=>?@[\\]{}";
  const auto fits = [](char c) {
    return !control(c) && static_cast<unsigned char>(c) < 0x80 &&
           delimiters.find(c) == std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return control(c) && c != '\t'; });
}

bool without(std::string_view delimiters, std::string_view text) {
  return std::none_of(text.begin(), text.end(), [delimiters](char c) {
    return control(c) || delimiters.find(c) != std::string_view::npos;
  });
}

bool is_thumbprint(std::string_view text) {
  const auto hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  return text.size() == 40 && std::all_of(text.begin(), text.end(), hex);
}

Error unsendable(std::string_view what) {
  return {ErrorCode::invalid_argument, "no request can be made with this " + std::string(what)};
}

}  // namespace

Status check_request(const HttpRequest& request) {
  if (!is_token(request.method)) return unsendable("method");
  if (!without(" /?#@", request.url.host)) return unsendable("host");
  if (!request.url.path.starts_with('/') || !without(" ?#", request.url.path)) return unsendable("path");
  if (const auto& pinned = request.pinned_certificate; !pinned.empty()) {
    if (!is_thumbprint(pinned)) return unsendable("thumbprint of a certificate: SHA-1 in hex");
    if (request.url.scheme != "https") return unsendable("scheme: a certificate is pinned");
  }
  for (const auto& [name, value] : request.headers) {
    // the value may be a secret
    if (!is_token(name)) return unsendable("name of a header");
    if (!is_field_value(value)) return unsendable("value of the header " + name);
  }
  return {};
}

}  // namespace blobmount
