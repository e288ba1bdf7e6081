#pragma once

/// `blobmount doctor`: everything that a mount needs, tried one after the other.

#include "app/configuration.hpp"
#include "app/report.hpp"

namespace blobmount {

struct DoctorCommand {
  ConfigReport given{};  ///< without a mount point, that is left out
  bool json = false;
};

/// Changes nothing but that a cache directory is made. Blocks for some seconds where all is well, for a
/// minute or two where nobody answers.
Report examine(const ConfigReport& given);

}  // namespace blobmount
