#pragma once

/// The token by which an application that has a certificate says who it is.
/// https://learn.microsoft.com/entra/identity-platform/certificate-credentials

#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

#include "auth/signing_certificate.hpp"

namespace blobmount {

struct AssertionClaims {
  std::string audience{};   ///< the URL that it is sent to
  std::string client_id{};  ///< who says it, of whom
  std::string id{};         ///< one for each
  WallTime issued{};
};

/// A signed JWT that is good for ten minutes. It holds the certificate and
/// its issuers, for applications that trust a subject and an issuer, and not one certificate.
Result<Secret> client_assertion(const AssertionClaims& claims, const SigningCertificate& certificate);

/// A random id, as UUIDs are written (version 4, RFC 9562).
Result<std::string> random_uuid();

}  // namespace blobmount
