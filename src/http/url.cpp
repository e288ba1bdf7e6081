#include <algorithm>
#include <charconv>
#include <memory>

#include <arpa/inet.h>
#include <curl/curl.h>

#include "blobmount/http.hpp"

namespace blobmount {
namespace {

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

using CurlUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

bool has(const CurlUrl& url, CURLUPart part) {
  char* text = nullptr;
  const bool there = curl_url_get(url.get(), part, &text, 0) == CURLUE_OK;
  curl_free(text);
  return there;
}

std::string part_of(const CurlUrl& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owner(text, curl_free);
  return text;
}

/// Without the query, which may hold a signature.
Error unusable(std::string_view text, std::string_view why) {
  return {ErrorCode::invalid_argument,
          "'" + std::string(text.substr(0, text.find('?'))) + "' is not a usable URL: " + std::string(why)};
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!query.empty()) {
    const auto field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), field.size() + 1));
    if (field.empty()) continue;
    const auto equals = std::min(field.find('='), field.size());
    const auto name = percent_decode(field.substr(0, equals));
    const auto value = percent_decode(field.substr(std::min(field.size(), equals + 1)));
    if (!name || !value)
      return unusable(field.substr(0, equals), "a '%' is not followed by two hexadecimal digits");
    fields.emplace_back(*name, *value);
  }
  return fields;
}

}  // namespace

std::string percent_encode(std::string_view text, bool keep_slash) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    if (unreserved(c) || (keep_slash && c == '/')) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string Url::to_string() const {
  std::string text = scheme + "://" + host;
  if (port != 0) text += ":" + std::to_string(port);
  text += path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    text.append(1, separator)
        .append(percent_encode(name, false))
        .append(1, '=')
        .append(percent_encode(value, false));
    separator = '&';
  }
  return text;
}

Result<Url> parse_url(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return unusable(text, "it holds a NUL byte");
  if (text.find('#') != std::string_view::npos) return unusable(text, "write '#' as %23");
  const CurlUrl handle(curl_url(), curl_url_cleanup);
  const auto outcome = curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(),
                                    CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME);
  if (outcome != CURLUE_OK) return unusable(text, curl_url_strerror(outcome));

  Url url{.scheme = part_of(handle, CURLUPART_SCHEME), .host = part_of(handle, CURLUPART_HOST)};
  if (url.scheme != "http" && url.scheme != "https") return unusable(text, "it must begin with https://");
  if (has(handle, CURLUPART_USER) || has(handle, CURLUPART_PASSWORD)) {
    return unusable(url.host, "it must not hold a user name or password");
  }

  const auto port = part_of(handle, CURLUPART_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  url.path = part_of(handle, CURLUPART_PATH);
  BM_ASSIGN(query, parse_query(part_of(handle, CURLUPART_QUERY)));
  url.query = std::move(query);
  return url;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  if (host.find('\0') != std::string_view::npos) return false;
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool keeps_secrets(const Url& url) {
  return url.scheme == "https" || (url.scheme == "http" && is_loopback(url.host));
}

}  // namespace blobmount
