#pragma once

/// `blobmount identity [ACCOUNT]`: which credential would be used, why, and whom it makes us to the service.

#include "app/configuration.hpp"
#include "app/report.hpp"

namespace blobmount {

struct IdentityCommand {
  ConfigReport given{};  ///< without an account, its source is empty
  bool json = false;
};

/// Asks the identity service for a token, which is shown to nobody, and the account for one listing, if there
/// is one. Blocks for 44 s at most.
Report report_identity(const ConfigReport& given);

}  // namespace blobmount
