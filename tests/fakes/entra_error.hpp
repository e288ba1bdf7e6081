#pragma once

/// Refusals of Microsoft Entra, word for word and in its own form.
/// https://learn.microsoft.com/entra/identity-platform/reference-error-codes

#include <string>

namespace blobmount::tests {

struct EntraError {
  int status = 400;
  std::string error{};  ///< of OAuth: "invalid_client"
  int number = 0;       ///< AADSTS...
  std::string words{};
};

/// The JSON that it sends, trace ids and all.
std::string body_of(const EntraError& error);

}  // namespace blobmount::tests
