#pragma once

/// An order to mount, and what it came from.

#include <string>

#include "blobmount/config.hpp"

#include "app/credential_settings.hpp"
#include "app/given_values.hpp"

namespace blobmount {

/// Exit status of a command line or a configuration that is wrong.
constexpr int usage_error = 2;

struct MountCommand {
  Config config{};
  GivenLayers given{};                  ///< that the Config was made of: to see what changed since
  CredentialEnvironment environment{};  ///< the same
  std::string device{};                 ///< what the table of mounts shows; empty: the source's name
  int failure_status = 1;               ///< of the process, where it cannot be mounted
  int settings_status = usage_error;    ///< the same, where a setting is wrong that only the machine tells
};

}  // namespace blobmount
