#include "http/pinned_certificate.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/tls_read_ahead.hpp"

namespace blobmount {
namespace {

char upper(char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string thumbprint_of(const X509* certificate) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha1(), digest.data(), &size) != 1) return "";
  std::string text;
  for (unsigned int i = 0; i < size; ++i)
    text.append(1, digits[digest.at(i) >> 4U]).append(1, digits[digest.at(i) & 15U]);
  return text;
}

/// Stands in for the whole verification of the chain. That the peer has the certificate's key is proved by
/// the handshake itself.
int verify(X509_STORE_CTX* context, void* expected) {
  const auto* const leaf = X509_STORE_CTX_get0_cert(context);
  const auto& thumbprint = *static_cast<const std::string*>(expected);
  const bool same =
      leaf != nullptr && std::ranges::equal(thumbprint, thumbprint_of(leaf),
                                            [](char a, char b) { return upper(a) == upper(b); });
  X509_STORE_CTX_set_error(context, same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return same ? 1 : 0;
}

CURLcode on_context(CURL* /*handle*/, void* context, void* expected) {
  auto* const ssl = static_cast<SSL_CTX*>(context);
  SSL_CTX_set_cert_verify_callback(ssl, verify, expected);
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  return CURLE_OK;
}

}  // namespace

void trust_only(CURL* handle, const std::string& thumbprint) {
  const auto set = [handle](CURLoption option, auto value) {
    return curl_easy_setopt(handle, option, value);
  };

  // a session that is resumed, like a connection that is kept, shows no certificate
  set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  // other libraries take the callback too, and give it something else
  if (!curl_uses_openssl() || set(CURLOPT_SSL_CTX_FUNCTION, on_context) != CURLE_OK) {
    set(CURLOPT_CAINFO, "/dev/null");
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
    return;
  }
  set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(const_cast<std::string*>(&thumbprint)));
  // curl's own verification; ours is in its place
  set(CURLOPT_SSL_VERIFYPEER, 0L);
  set(CURLOPT_SSL_VERIFYHOST, 0L);
}

}  // namespace blobmount
