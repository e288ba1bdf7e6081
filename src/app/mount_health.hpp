#pragma once

/// How the mounts of this machine are, without being held up by any that hangs or is dead.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "app/mount_table.hpp"

namespace blobmount {

enum class Health : std::uint8_t {
  ok,
  degraded,        ///< it serves, but something is not as it should be
  dead,            ///< its daemon has ended: whoever looks at it gets ENOTCONN
  not_responding,  ///< its daemon does not answer
  unknown,         ///< it may not be asked, or cannot be
};
const char* name_of(Health health);

struct MountHealth {
  MountEntry mount{};
  Health health = Health::unknown;
  std::string detail{};     ///< a sentence; empty where all is well
  nlohmann::json status{};  ///< what the daemon said of itself; null: nothing
};

/// The mounts of blobmount, each once, however often it is bound elsewhere.
std::vector<MountEntry> blobmounts(const MountTable& table);

/// Ask the daemon; where it cannot be reached, the kernel. Blocks for about twice `patience` at most.
MountHealth examine(const MountEntry& mount, Duration patience);
/// All at the same time.
std::vector<MountHealth> examine_all(const std::vector<MountEntry>& mounts, Duration patience);

/// The mount that `path` lies in; where that is empty, the only one that there is. Errors: sentences.
Result<MountEntry> choose_mount(const std::string& path);

}  // namespace blobmount
