#include "fakes/assertion_check.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace blobmount::tests {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate certificate_of(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> reader(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr), &X509_free};
}

EntraError invalid_client(int number, std::string words) {
  return {.status = 401, .error = "invalid_client", .number = number, .words = std::move(words)};
}

std::string text_of(const nlohmann::json& object, const char* name) {
  return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

std::int64_t number_of(const nlohmann::json& object, const char* name) {
  return object.contains(name) && object[name].is_number_integer() ? object[name].get<std::int64_t>() : 0;
}

/// Five minutes are granted to clocks that differ.
bool is_alive(const Jwt& assertion) {
  constexpr std::int64_t tolerance = 300;
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return number_of(assertion.payload, "nbf") <= now + tolerance &&
         number_of(assertion.payload, "exp") > now - tolerance;
}

EntraError out_of_time() {
  return invalid_client(700024, "Client assertion is not within its valid time range.");
}

bool names(const nlohmann::json& audience, const std::string& wanted) {
  return audience == wanted || (audience.is_array() && audience.size() == 1 && audience[0] == wanted);
}

}  // namespace

bool is_signed_by(const Jwt& jwt, const std::string& pem) {
  if (text_of(jwt.header, "alg") != "PS256") return false;
  const auto certificate = certificate_of(pem);
  if (!certificate) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  return EVP_DigestVerifyInit(context.get(), &options, EVP_sha256(), nullptr,
                              X509_get0_pubkey(certificate.get())) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32) == 1 &&
         EVP_DigestVerify(context.get(), bytes(jwt.signature), jwt.signature.size(), bytes(jwt.signed_text),
                          jwt.signed_text.size()) == 1;
}

std::string thumbprint_of(const std::string& pem) {
  const auto certificate = certificate_of(pem);
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  X509_digest(certificate.get(), EVP_sha256(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  digest.resize(size);
  return base64url(digest);
}

std::optional<EntraError> complaint_about_own(const Jwt& assertion, const std::string& client_id,
                                              const std::string& certificate_pem,
                                              const std::string& token_url) {
  const auto thumbprint = text_of(assertion.header, "x5t#S256");
  if (certificate_pem.empty() || thumbprint != thumbprint_of(certificate_pem)) {
    return invalid_client(700027,
                          "The certificate with identifier used to sign the client assertion is not "
                          "registered on application. [Reason - The key was not found., Thumbprint of "
                          "key used by client: '" +
                              thumbprint + "']");
  }
  if (!is_signed_by(assertion, certificate_pem)) {
    return invalid_client(700027, "Client assertion failed signature validation.");
  }
  if (!is_alive(assertion)) return out_of_time();
  if (!names(assertion.payload["aud"], token_url)) {
    return invalid_client(700023,
                          "Client assertion audience claim does not match Realm issuer. Review the "
                          "documentation.");
  }
  if (text_of(assertion.payload, "sub") != client_id || text_of(assertion.payload, "iss") != client_id) {
    return invalid_client(700021,
                          "Client assertion application identifier doesn't match 'client_id' parameter.");
  }
  if (text_of(assertion.payload, "jti").empty()) {
    return invalid_client(50027, "JWT token is invalid or malformed.");
  }
  return std::nullopt;
}

std::optional<EntraError> complaint_about_federated(const Jwt& assertion,
                                                    const FederatedCredential& trusted) {
  const auto unmatched = [](int number, const std::string& what) {
    return invalid_client(number,
                          "No matching federated identity record found for presented assertion " + what +
                              ". Check your federated identity credential Subject, Audience and Issuer "
                              "against the presented assertion.");
  };
  const auto issuer = text_of(assertion.payload, "iss");
  const auto subject = text_of(assertion.payload, "sub");
  if (issuer != trusted.issuer) return unmatched(700211, "issuer '" + issuer + "'");
  if (subject != trusted.subject) return unmatched(700213, "subject '" + subject + "'");
  if (!names(assertion.payload["aud"], trusted.audience)) return unmatched(700212, "audience");
  if (!is_alive(assertion)) return out_of_time();
  return std::nullopt;
}

}  // namespace blobmount::tests
