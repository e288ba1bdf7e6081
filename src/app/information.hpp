#pragma once

#include <string>

namespace blobmount {

/// A text to be printed, and nothing else to be done: --help, --version.
struct Information {
  std::string text{};
  std::string warning{};  ///< a sentence for stderr; empty: none
};

}  // namespace blobmount
