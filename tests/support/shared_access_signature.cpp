#include "support/shared_access_signature.hpp"

#include <array>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "support/azurite.hpp"

namespace blobmount::tests {
namespace {

constexpr auto version = "2022-11-02";
const std::string account{Azurite::account};

std::string key() {
  const auto text = Azurite::account_key;
  std::string binary(text.size() / 4 * 3, '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(binary.data()),
                  reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  binary.resize(64);  // two characters of the text are padding
  return binary;
}

/// Of its HMAC, base64 and percent-encoded.
std::string signed_text(const std::string& text) {
  const auto secret = key();
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::array<unsigned char, 64> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));

  std::string encoded;
  for (const char* c = reinterpret_cast<const char*>(base64.data()); *c != '\0'; ++c) {
    const std::string_view plain(c, 1);
    encoded += plain == "+" ? "%2B" : plain == "/" ? "%2F" : plain == "=" ? "%3D" : plain;
  }
  return encoded;
}

std::string service_sas(const std::string& container, const std::string& permissions,
                        const std::string& expires, const std::string& policy) {
  // permissions, start, expiry, resource, policy, address, protocol, version, kind, snapshot, encryption
  // scope, and five headers
  const auto text = permissions + "\n\n" + expires + "\n/blob/" + account + "/" + container + "\n" + policy +
                    "\n\n\n" + version + "\nc\n\n\n\n\n\n\n";
  std::string sas = std::string("sv=") + version + "&sr=c";
  if (!permissions.empty()) sas += "&sp=" + permissions + "&se=" + expires;
  if (!policy.empty()) sas += "&si=" + policy;
  return sas + "&sig=" + signed_text(text);
}

}  // namespace

std::string account_sas(const std::string& expires) {
  // account, permissions, services, types, start, expiry, address, protocol, version, encryption scope
  const auto text = account + "\nrl\nb\nsco\n\n" + expires + "\n\nhttps\n" + version + "\n\n";
  return std::string("sv=") + version + "&ss=b&srt=sco&sp=rl&se=" + expires +
         "&spr=https&sig=" + signed_text(text);
}

std::string container_sas(const std::string& container, const std::string& expires) {
  return service_sas(container, "rl", expires, "");
}

std::string policy_sas(const std::string& container, const std::string& policy) {
  return service_sas(container, "", "", policy);
}

std::string signature_in(const std::string& sas) { return sas.substr(sas.find("sig=") + 4); }

}  // namespace blobmount::tests
