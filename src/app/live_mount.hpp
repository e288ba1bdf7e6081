#pragma once

/// A mount while it is served, for those who look at it: metrics, status and top.

#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"

#include "app/signer.hpp"
#include "app/tower.hpp"
#include "fuse/adapter.hpp"

namespace blobmount {

/// Everything outlives it.
struct LiveMount {
  const Config& config;
  const std::string& source;       ///< "ACCOUNT/CONTAINER", as `mount` shows it
  const std::string& mount_point;  ///< without symbolic links
  const Network& network;
  const Signer& signer;
  Tower& tower;
  const Adapter& adapter;
  WallTime began;
};

}  // namespace blobmount
