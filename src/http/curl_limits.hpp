#pragma once

/// What all transfers together may take.

#include "http/rate_limit.hpp"

namespace blobmount {

struct CurlLimits {
  RateLimit* bytes = nullptr;  ///< of bodies that come; null: no limit. Outlives the transport
  unsigned connections = 0;    ///< at the same time, those kept for later included; 0: no limit
};

}  // namespace blobmount
