#include "auth/signing_certificate.hpp"

#include <array>
#include <ctime>
#include <memory>
#include <utility>

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "auth/base64.hpp"

namespace blobmount {
namespace {

Error useless(std::string why) { return {ErrorCode::invalid_argument, std::move(why)}; }

std::string date_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown date";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%F", &parts)};
}

Status check_dates(const X509* certificate, WallTime now) {
  auto today = std::chrono::system_clock::to_time_t(now);
  const auto* const begin = X509_get0_notBefore(certificate);
  const auto* const end = X509_get0_notAfter(certificate);
  if (X509_cmp_time(end, &today) < 0) return useless("the certificate has expired on " + date_of(end));
  if (X509_cmp_time(begin, &today) > 0) {
    return useless("the certificate is not valid before " + date_of(begin) +
                   "; is this machine's clock right?");
  }
  return {};
}

std::string der_of(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

bool issued(X509* issuer, X509* certificate) { return X509_check_issued(issuer, certificate) == X509_V_OK; }

}  // namespace

Result<SigningCertificate> SigningCertificate::parse(const Secret& content, const Secret& password,
                                                     WallTime now) {
  BM_ASSIGN(file, parse_certificate_file(content, password));
  if (EVP_PKEY_is_a(file.key.get(), "RSA") != 1) {
    return useless("its key is not an RSA key, and Microsoft Entra takes no others");
  }
  BM_TRY(check_dates(file.certificate.get(), now));
  return SigningCertificate(std::move(file));
}

std::string SigningCertificate::thumbprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(file_.certificate.get(), EVP_sha256(), digest.data(), &size);
  return {digest.begin(), digest.begin() + size};
}

std::vector<std::string> SigningCertificate::chain() const {
  std::vector<std::string> chain;
  X509* last = file_.certificate.get();
  // as many steps as there are certificates: two may claim to have issued each other
  while (last != nullptr && chain.size() <= file_.others.size()) {
    chain.push_back(base64(der_of(last)));
    if (issued(last, last)) break;
    X509* issuer = nullptr;
    for (const auto& other : file_.others) {
      if (issued(other.get(), last)) issuer = other.get();
    }
    last = issuer;
  }
  return chain;
}

Result<std::string> SigningCertificate::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;  // of the context
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(file_.key.get())), '\0');
  auto size = signature.size();

  const bool done =
      context && EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, file_.key.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     text.size()) == 1;
  if (!done) return useless("its key cannot sign");
  signature.resize(size);
  return signature;
}

}  // namespace blobmount
