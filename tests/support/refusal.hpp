#pragma once

/// Mounts that must not be.

#include <string>

#include "support/mounted.hpp"

namespace blobmount::tests {

/// What blobmount says of such a mount. The test fails unless it is one line, within 15 seconds, an exit
/// status that is not 0, and no mount.
std::string refusal_of(const MountOptions& options);

}  // namespace blobmount::tests
