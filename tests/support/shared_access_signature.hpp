#pragma once

/// Shared access signatures for Azurite, signed with the key that everybody knows. The tests' own, so that a
/// mistake in blobmount's is not made twice and unseen.

#include <string>

namespace blobmount::tests {

/// Far enough for any run of the tests.
inline constexpr auto distant_expiry = "2099-01-01T00:00:00Z";

/// May list and read everything in the account.
/// https://learn.microsoft.com/rest/api/storageservices/create-account-sas
std::string account_sas(const std::string& expires = distant_expiry);

/// May list and read one container. https://learn.microsoft.com/rest/api/storageservices/create-service-sas
std::string container_sas(const std::string& container, const std::string& expires = distant_expiry);
/// May do what the container's stored access policy of that name says, while there is one.
std::string policy_sas(const std::string& container, const std::string& policy);

/// The value of its field sig, as it stands there: percent-encoded.
std::string signature_in(const std::string& sas);

}  // namespace blobmount::tests
