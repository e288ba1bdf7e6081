#include "auth/certificate_file.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

namespace blobmount {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(PKCS12* pkcs12) const { PKCS12_free(pkcs12); }
};
using Bio = std::unique_ptr<BIO, Free>;

Error useless(std::string why) { return {ErrorCode::invalid_argument, std::move(why)}; }

Error no_key() { return useless("there is no private key in it: it must hold the certificate and its key"); }

Error wrong_password(const Secret& password) {
  return useless(password.empty() ? "it is encrypted, and no password was given: use "
                                    "--client-certificate-password-file"
                                  : "its password is another one");
}

Error wrong_key() { return useless("the private key in it does not fit the certificate in it"); }

Bio reader_of(const Secret& content) {
  const auto bytes = content.reveal();
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

struct PasswordQuestion {
  const Secret& password;
  bool asked = false;
};

/// OpenSSL's own callback would ask at the terminal.
int answer_password(char* buffer, int size, int /*writing*/, void* data) noexcept {
  auto& question = *static_cast<PasswordQuestion*>(data);
  question.asked = true;
  const auto password = question.password.reveal();
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, password.data(), password.size());
  return static_cast<int>(password.size());
}

std::vector<CertificatePtr> all_certificates(const Secret& content) {
  const auto reader = reader_of(content);
  const Secret none;
  PasswordQuestion question{none};
  std::vector<CertificatePtr> certificates;
  while (CertificatePtr next{PEM_read_bio_X509(reader.get(), nullptr, answer_password, &question)}) {
    certificates.push_back(std::move(next));
  }
  return certificates;
}

Result<CertificateFile> parse_pem(const Secret& content, const Secret& password) {
  CertificateFile file;
  PasswordQuestion question{password};
  file.key.reset(PEM_read_bio_PrivateKey(reader_of(content).get(), nullptr, answer_password, &question));
  if (!file.key) return question.asked ? wrong_password(password) : no_key();

  file.others = all_certificates(content);
  if (file.others.empty()) return useless("there is no certificate in it, only a private key");
  const auto own = std::find_if(file.others.begin(), file.others.end(), [&file](const auto& certificate) {
    return X509_check_private_key(certificate.get(), file.key.get()) == 1;
  });
  if (own == file.others.end()) return wrong_key();
  file.certificate = std::move(*own);
  file.others.erase(own);
  return file;
}

Error not_opened(const Secret& password) {
  const auto reason = ERR_GET_REASON(ERR_peek_error());
  if (reason == ERR_R_UNSUPPORTED || reason == EVP_R_UNSUPPORTED_ALGORITHM) {
    return useless("it is encrypted in an old way (RC2): make it anew with 'openssl pkcs12 -export'");
  }
  return wrong_password(password);
}

Result<CertificateFile> parse_pkcs12(const Secret& content, const Secret& password) {
  const std::unique_ptr<PKCS12, Free> pkcs12(d2i_PKCS12_bio(reader_of(content).get(), nullptr));
  if (!pkcs12) return useless("it is neither PEM nor PKCS#12");

  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  ERR_clear_error();
  // ends with a NUL, for a Secret holds a std::string
  const char* const text = password.reveal().data();
  if (PKCS12_parse(pkcs12.get(), text, &key, &certificate, &others) != 1) return not_opened(password);

  CertificateFile file{.key = KeyPtr(key), .certificate = CertificatePtr(certificate)};
  while (X509* const next = sk_X509_pop(others)) file.others.emplace_back(next);
  sk_X509_free(others);
  if (!file.key) return no_key();
  if (!file.certificate && file.others.empty())
    return useless("there is no certificate in it, only a private key");
  if (!file.certificate) return wrong_key();
  return file;
}

}  // namespace

Result<CertificateFile> parse_certificate_file(const Secret& content, const Secret& password) {
  const bool pem = content.reveal().find("-----BEGIN ") != std::string_view::npos;
  auto file = pem ? parse_pem(content, password) : parse_pkcs12(content, password);
  ERR_clear_error();  // whoever asks next on this thread has nothing to do with what we tried
  return file;
}

}  // namespace blobmount
