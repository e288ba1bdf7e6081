#pragma once

/// An order to mount, and what it came from.

#include "blobmount/config.hpp"

#include "app/credential_settings.hpp"
#include "app/given_values.hpp"

namespace blobmount {

struct MountCommand {
  Config config{};
  GivenLayers given{};                  ///< that the Config was made of: to see what changed since
  CredentialEnvironment environment{};  ///< the same
  int failure_status = 1;               ///< of the process, where it cannot be mounted
};

}  // namespace blobmount
