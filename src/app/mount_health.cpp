#include "app/mount_health.hpp"

#include <algorithm>
#include <cerrno>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include <signal.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/json_members.hpp"
#include "app/mount_client.hpp"

namespace blobmount {
namespace {

constexpr auto pause_between_looks = std::chrono::milliseconds{5};

/// What statfs says of it, an errno or 0; nothing: no answer came. In a process of its own, for nobody can
/// call back one that hangs in the kernel.
std::optional<int> ask_kernel(const std::string& mount_point, Duration patience) {
  const char* const path = mount_point.c_str();
  const auto asking = ::fork();
  if (asking < 0) return std::nullopt;
  if (asking == 0) {
    struct statfs statistics {};
    ::_exit(::statfs(path, &statistics) == 0 ? 0 : errno);
  }

  const auto deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  while (::waitpid(asking, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      ::kill(asking, SIGKILL);  // ends once the kernel lets it go; init will hear of it
      return std::nullopt;
    }
    std::this_thread::sleep_for(pause_between_looks);
  }
  return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

void look_at_unreachable(MountHealth& found, Duration patience) {
  const auto answer = ask_kernel(found.mount.mount_point, patience);
  if (!answer) {
    found.health = Health::not_responding;
  } else if (is_death(*answer)) {
    found.health = Health::dead;
    found.detail = "its daemon has ended: blobmount unmount takes away what is left";
  } else {
    found.health = Health::unknown;
  }
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string all;
  for (const auto& sentence : sentences) all += (all.empty() ? "" : "; ") + sentence;
  return all;
}

}  // namespace

const char* name_of(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::degraded:
      return "degraded";
    case Health::dead:
      return "dead";
    case Health::not_responding:
      return "not responding";
    case Health::unknown:
      return "unknown";
  }
  return "unknown";
}

std::vector<MountEntry> blobmounts(const MountTable& table) {
  std::vector<MountEntry> mounts;
  for (const auto& entry : table) {
    const bool known = std::ranges::count(mounts, entry.device, &MountEntry::device) > 0;
    if (entry.is_blobmount() && !known) mounts.push_back(entry);
  }
  return mounts;
}

MountHealth examine(const MountEntry& mount, Duration patience) {
  MountHealth found{.mount = mount};
  auto answer = ask_mount(mount, {{"command", "status"}}, patience);
  if (answer && !(*answer)["status"].is_object()) {
    found.detail = "its daemon's answer is not understood: it is of another version";
    return found;
  }
  if (answer) {
    found.status = std::move((*answer)["status"]);
    found.health = text_in(found.status, "health") == "ok" ? Health::ok : Health::degraded;
    found.detail = joined(texts_in(found.status, "degraded"));
    return found;
  }
  found.detail = answer.error().message;
  if (answer.error().code == ErrorCode::timed_out) found.health = Health::not_responding;
  if (answer.error().code == ErrorCode::unreachable) look_at_unreachable(found, patience);
  return found;
}

std::vector<MountHealth> examine_all(const std::vector<MountEntry>& mounts, Duration patience) {
  std::vector<std::future<MountHealth>> asked;
  for (const auto& mount : mounts)
    asked.push_back(std::async(std::launch::async, [&mount, patience] { return examine(mount, patience); }));
  std::vector<MountHealth> found;
  for (auto& answer : asked) found.push_back(answer.get());
  return found;
}

Result<MountEntry> choose_mount(const std::string& path) {
  const auto table = read_mount_table();
  if (!path.empty()) {
    BM_ASSIGN(place, find_mounted_place(table, path));
    return place.mount;
  }
  const auto mounts = blobmounts(table);
  if (mounts.size() == 1) return mounts.front();
  if (mounts.empty()) return Error{ErrorCode::not_found, "nothing is mounted by blobmount"};
  std::string names;
  for (const auto& mount : mounts) names += (names.empty() ? "" : ", ") + mount.mount_point;
  return Error{ErrorCode::invalid_argument, "there are several mounts, name one of them: " + names};
}

}  // namespace blobmount
