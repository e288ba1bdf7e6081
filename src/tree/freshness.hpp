#pragma once

/// How old what is known may be, for each use of it: what `--consistency` and `--attr-ttl` come down to.

#include "blobmount/config.hpp"

#include "tree/directory.hpp"

namespace blobmount {

struct Freshness {
  MaximumAge lookup{};   ///< of what stat and ls show
  MaximumAge open{};     ///< of what open goes by
  ListingAge listing{};  ///< of a directory's entries when it is opened
};

Freshness freshness_of(const TreeConfig& config);

}  // namespace blobmount
