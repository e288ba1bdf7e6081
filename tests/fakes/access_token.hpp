#pragma once

/// Tokens like those of Microsoft Entra ID: JWTs that Azurite's `--oauth basic` accepts. It looks at the
/// issuer, the audience and the times, and not at the signature, which is noise here.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace blobmount::tests {

struct TokenClaims {
  std::string audience = "https://storage.azure.com";
  std::string tenant = "11111111-2222-3333-4444-555555555555";
  std::string client_id;
  std::string object_id;
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds expires;
  std::uint64_t serial = 0;  ///< makes tokens of one second differ
};

std::string make_token(const TokenClaims& claims);

/// What Kubernetes gives to a pod, or another authority to its own.
struct FederatedTokenClaims {
  std::string issuer;
  std::string subject;
  std::string audience = "api://AzureADTokenExchange";
  std::chrono::seconds lifetime{3600};
  std::string id{};  ///< makes them differ
};
std::string make_federated_token(const FederatedTokenClaims& claims);

/// When `token` dies; nothing if it is not one of these.
std::optional<std::chrono::sys_seconds> expiry_of(std::string_view token);

/// For authors of blobs that tests read: a token that Azurite accepts for the next day.
std::string author_token();

}  // namespace blobmount::tests
