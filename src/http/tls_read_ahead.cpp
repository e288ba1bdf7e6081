#include "http/tls_read_ahead.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include <openssl/ssl.h>
#include <strings.h>

namespace blobmount {
namespace {

/// Four of the longest records, as newer curls have it. OpenSSL moves what is left to the front of the buffer
/// with each record, so that more of them cost more than the calls that they save.
constexpr std::size_t buffer_size = 4 * (SSL3_RT_MAX_PLAIN_LENGTH + SSL3_RT_HEADER_LENGTH + 256);

/// Then curl has one TLS connection inside another, and unread() sees only the inner one.
bool proxy_uses_tls() {
  constexpr std::array variables{"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"};
  return std::ranges::any_of(variables, [](const char* name) {
    static constexpr std::string_view scheme = "https://";
    const auto* const value = std::getenv(name);
    return value != nullptr && ::strncasecmp(value, scheme.data(), scheme.size()) == 0;
  });
}

CURLcode on_context(CURL* /*handle*/, void* context, void* /*nothing*/) {
  auto* const ssl = static_cast<SSL_CTX*>(context);
  // https://docs.openssl.org/3.0/man3/SSL_CTX_set_read_ahead/
  SSL_CTX_set_read_ahead(ssl, 1);
  SSL_CTX_set_default_read_buffer_len(ssl, buffer_size);
  return CURLE_OK;
}

}  // namespace

bool curl_uses_openssl() {
  const auto* const version = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return version != nullptr && std::string_view(version).find("OpenSSL") != std::string_view::npos;
}

void read_ahead(CURL* handle) {
  static const bool able = curl_uses_openssl() && !proxy_uses_tls();
  // other libraries take the callback too, and give it something else
  if (able) curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, on_context);
}

bool unread(CURL* handle) {
  // https://curl.se/libcurl/c/CURLINFO_TLS_SSL_PTR.html
  const curl_tlssessioninfo* session = nullptr;
  if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == nullptr)
    return false;
  if (session->backend != CURLSSLBACKEND_OPENSSL || session->internals == nullptr) return false;
  const auto* const ssl = static_cast<const SSL*>(session->internals);
  // SSL_pending(), which curl asks, does not count what has been read ahead; SSL_has_pending() counts parts
  // of records too, and it is for them that a read has wanted more
  return SSL_has_pending(ssl) == 1 && SSL_want(ssl) == SSL_NOTHING;
}

}  // namespace blobmount
