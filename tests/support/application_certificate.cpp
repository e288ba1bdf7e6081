#include "support/application_certificate.hpp"

#include <functional>
#include <memory>
#include <stdexcept>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace blobmount::tests {
namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("making a certificate: ") + what);
}

std::string written(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  require(write(memory.get()) == 1, "write");
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

void name(X509_NAME* names, const std::string& subject) {
  X509_NAME_add_entry_by_txt(names, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
}

}  // namespace

ApplicationCertificate::ApplicationCertificate(const Wish& wish)
    : key_(wish.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")),
      certificate_(X509_new()),
      issuer_(wish.issuer) {
  require(key_ && certificate_, "key");
  auto* const made = certificate_.get();
  X509_set_version(made, X509_VERSION_3);
  std::int64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 6);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), wish.valid_from_day * 24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(made), wish.valid_to_day * 24L * 3600);
  X509_set_pubkey(made, key_.get());
  name(X509_get_subject_name(made), wish.subject);
  const auto& signer = issuer_ != nullptr ? *issuer_ : *this;
  X509_set_issuer_name(made, X509_get_subject_name(signer.certificate_.get()));
  require(X509_sign(made, signer.key_.get(), EVP_sha256()) > 0, "sign");
}

std::string ApplicationCertificate::pem() const {
  return written([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

std::string ApplicationCertificate::key_pem(const std::string& password) const {
  return written([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key_.get(), password.empty() ? nullptr : EVP_aes_256_cbc(),
                                    reinterpret_cast<const unsigned char*>(password.data()),
                                    static_cast<int>(password.size()), nullptr, nullptr);
  });
}

std::string ApplicationCertificate::pkcs12(const std::string& password) const {
  STACK_OF(X509)* others = sk_X509_new_null();
  if (issuer_ != nullptr) sk_X509_push(others, issuer_->certificate_.get());
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> file(
      PKCS12_create(password.c_str(), "application", key_.get(), certificate_.get(), others, 0, 0, 0, 0, 0),
      &PKCS12_free);
  sk_X509_free(others);
  require(file != nullptr, "PKCS#12");
  return written([&file](BIO* bio) { return i2d_PKCS12_bio(bio, file.get()); });
}

}  // namespace blobmount::tests
