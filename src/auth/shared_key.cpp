#include "auth/shared_key.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.hpp"

namespace blobmount {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string content_length(const HttpRequest& request) {
  return request.body.empty() ? "" : std::to_string(request.body.size());
}

std::string range_of(const HttpRequest& request) {
  return request.range ? range_header(*request.range)
                       : std::string(request.headers.get("Range").value_or(""));
}

std::string canonical_headers(const HttpHeaders& headers) {
  std::map<std::string, std::string> signed_headers;
  for (const auto& [name, value] : headers) {
    auto field = lower(name);
    if (field.starts_with("x-ms-")) signed_headers.emplace(std::move(field), trimmed(value));
  }
  std::string text;
  for (const auto& [name, value] : signed_headers) text.append(name).append(":").append(value).append("\n");
  return text;
}

/// The account stands in front of the path even where the path begins with it, as an emulator's does.
std::string canonical_resource(const Url& url, std::string_view account) {
  std::map<std::string, std::vector<std::string>> fields;
  for (const auto& [name, value] : url.query) fields[lower(name)].push_back(value);

  auto text = std::string("/").append(account).append(url.path);
  for (auto& [name, values] : fields) {
    std::sort(values.begin(), values.end());
    text.append("\n").append(name);
    char separator = ':';
    for (const auto& value : values) {
      text.append(1, separator).append(value);
      separator = ',';
    }
  }
  return text;
}

}  // namespace

std::string string_to_sign(const HttpRequest& request, std::string_view account) {
  const auto header = [&](std::string_view name) { return request.headers.get(name).value_or(""); };

  std::string text = request.method + "\n";
  const auto line = [&text](std::string_view value) { text.append(value).append("\n"); };
  line(header("Content-Encoding"));
  line(header("Content-Language"));
  line(content_length(request));
  line(header("Content-MD5"));
  line(header("Content-Type"));
  line("");  // Date: x-ms-date stands in for it
  line(header("If-Modified-Since"));
  line(header("If-Match"));
  line(header("If-None-Match"));
  line(header("If-Unmodified-Since"));
  line(range_of(request));
  return text + canonical_headers(request.headers) + canonical_resource(request.url, account);
}

std::string sign(std::string_view text, const Secret& key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.reveal().size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);

  std::array<unsigned char, 4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1> base64{};
  const int length = EVP_EncodeBlock(base64.data(), mac.data(), static_cast<int>(size));
  return {base64.begin(), base64.begin() + length};
}

Result<Secret> decode_shared_key(const Secret& base64) {
  const Error not_base64{ErrorCode::invalid_argument,
                         "the shared key is not base64: copy it whole, as the portal shows it"};
  const auto text = trimmed(base64.reveal());
  const auto digits = text.substr(0, text.find('='));
  const auto padding = text.size() - digits.size();
  if (digits.empty() || padding > 2 || text.substr(digits.size()).find_first_not_of('=') != text.npos) {
    return not_base64;
  }

  std::string key(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return not_base64;
  key.resize(static_cast<std::size_t>(length) - padding);
  return Secret(std::move(key));
}

}  // namespace blobmount
