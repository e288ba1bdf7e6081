#pragma once

/// Accounts to mount, each with the VM whose managed identity may read it. One serves all tests of a file.

#include <string>

#include "blobmount/http.hpp"

#include "fakes/blob_service.hpp"
#include "fakes/identity_endpoint.hpp"
#include "support/azurite.hpp"
#include "support/blob_author.hpp"
#include "support/mounted.hpp"

namespace blobmount::tests {

/// What mounts `place` ("", "CONTAINER" or "CONTAINER/PREFIX") of the account at `endpoint` with nothing but
/// the identity.
MountOptions by_identity(const Url& endpoint, const IdentityEndpoint& identity, const std::string& place);

/// The Blob service as Microsoft emulates it.
struct AzuriteAccount {
  Azurite azurite;
  IdentityEndpoint identity;
  BlobAuthor author{azurite};

  [[nodiscard]] MountOptions mount(const std::string& place = "") const {
    return by_identity(azurite.endpoint(), identity, place).with("--ca-file", azurite.ca_file());
  }
};

/// One for the whole test program, with a container `test` and "hello\n" in its blob `text.txt`.
AzuriteAccount& account_with_hello();

/// What mounts `place` of it on a machine that has no managed identity.
MountOptions without_identity(const std::string& place);

/// The Blob service of our own: counts, and is huge, slow or broken to order.
struct ServedAccount {
  BlobService service;
  IdentityEndpoint identity;

  [[nodiscard]] MountOptions mount(const std::string& place = "") const {
    return by_identity(service.endpoint(), identity, place);
  }
};

}  // namespace blobmount::tests
