#pragma once

/// How Microsoft Entra looks at an application's assertion: one that it has signed with its certificate, or
/// one of an authority that it trusts.
/// https://learn.microsoft.com/entra/identity-platform/certificate-credentials

#include <optional>
#include <string>

#include "fakes/entra_authority.hpp"
#include "fakes/entra_error.hpp"
#include "fakes/jwt.hpp"

namespace blobmount::tests {

/// Whether the key of `pem`, a certificate, has signed it: PS256.
bool is_signed_by(const Jwt& jwt, const std::string& pem);

/// SHA-256 of the certificate, as JWTs have it.
std::string thumbprint_of(const std::string& pem);

/// Nothing: the assertion is good. `token_url` is where it was sent.
std::optional<EntraError> complaint_about_own(const Jwt& assertion, const std::string& client_id,
                                              const std::string& certificate_pem,
                                              const std::string& token_url);
/// The signature of these is noise, and is not looked at.
std::optional<EntraError> complaint_about_federated(const Jwt& assertion, const FederatedCredential& trusted);

}  // namespace blobmount::tests
