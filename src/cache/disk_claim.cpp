#include "cache/disk_claim.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/system_files.hpp"

namespace blobmount {
namespace {

constexpr auto lock_name = "lock";
/// What a lock of ours begins with; the process that has it follows. Others have files called "lock", too.
constexpr std::string_view signature = "blobmount ";
constexpr mode_t others = S_IRWXG | S_IRWXO;

Result<Descriptor> open_or_make(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return system_error("create it");
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return system_error("open it");
  return directory;
}

Descriptor open_lock(const Descriptor& directory, int flags) {
  return Descriptor(::openat(directory.number(), lock_name, O_CLOEXEC | O_NOFOLLOW | flags, 0600));
}

std::string text_of(const Descriptor& lock) {
  std::array<char, 32> text{};
  const auto size = ::pread(lock.number(), text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

bool is_ours(const Descriptor& directory) {
  // at once, also where it is a pipe
  const auto lock = open_lock(directory, O_RDONLY | O_NONBLOCK);
  return lock && text_of(lock).starts_with(signature);
}

/// Empty, or used by blobmount before: else it is somebody's /tmp or /var/cache, which must stay as it is.
bool may_be_tightened(const std::string& path, const Descriptor& directory) {
  std::error_code failed;
  return std::filesystem::is_empty(path, failed) || is_ours(directory);
}

/// Cached bytes are for those who may read the blobs: for us. Whether it is so, or may be made so.
Result<bool> is_private(const std::string& path, const Descriptor& directory) {
  struct stat status {};
  if (::fstat(directory.number(), &status) != 0) return system_error("look at it");
  if ((status.st_mode & others) == 0) return true;

  if (status.st_uid != ::geteuid()) {
    return Error{ErrorCode::permission_denied, "it is open to others, and belongs to somebody else"};
  }
  if (!may_be_tightened(path, directory)) {
    return Error{ErrorCode::permission_denied,
                 "it is open to others, and holds other files: name a directory of its own, mode 0700"};
  }
  return false;
}

Status make_private(const std::string& path, const Descriptor& directory) {
  BM_ASSIGN(already, is_private(path, directory));
  if (already) return {};
  if (::fchmod(directory.number(), S_IRWXU) != 0) return system_error("make it private");
  return {};
}

std::string owner_of(const Descriptor& lock) {
  const auto text = text_of(lock);
  if (!text.starts_with(signature)) return {};
  return " (pid " + text.substr(signature.size()) + ")";
}

void sign(const Descriptor& lock) {
  const auto text = std::string(signature) + std::to_string(::getpid());
  // in this order: on a full disk the place of the last signature is there to be written to. Where there is
  // none, the lock stays unsigned, and is a lock nevertheless
  if (::pwrite(lock.number(), text.data(), text.size(), 0) > 0)
    (void)!::ftruncate(lock.number(), static_cast<off_t>(text.size()));
}

Error not_to_be_written(const std::string& what) {
  if (errno != EROFS) return system_error(what);
  return {ErrorCode::permission_denied, "it is read-only, and a cache is written: name another one"};
}

Status hold(const Descriptor& lock, int how) {
  if (::flock(lock.number(), how | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return system_error("lock it");
  return Error{ErrorCode::busy, "it is in use by another blobmount" + owner_of(lock)};
}

/// Who only looks whether it could be claimed shares it for a moment.
Status hold_alone(const Descriptor& lock) {
  constexpr int tries = 30;
  for (int i = 1; i < tries; ++i) {
    const auto held = hold(lock, LOCK_EX);
    if (held || held.error().code != ErrorCode::busy) return held;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return hold(lock, LOCK_EX);
}

Result<Descriptor> take_lock(const Descriptor& directory) {
  auto lock = open_lock(directory, O_RDWR | O_CREAT);
  if (!lock) return not_to_be_written("open its lock");
  BM_TRY(hold_alone(lock));
  sign(lock);
  return lock;
}

Status can_be_made(const std::string& path) {
  const auto parent = parent_of_directory(path);
  if (::faccessat(AT_FDCWD, parent.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return not_to_be_written("create it");
}

Status can_be_claimed(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory && errno == ENOENT) return can_be_made(path);
  if (!directory) return system_error("open it");
  if (auto usable = is_private(path, directory); !usable) return std::move(usable).error();
  if (::faccessat(directory.number(), ".", W_OK | X_OK, AT_EACCESS) != 0)
    return not_to_be_written("write to it");
  const auto lock = open_lock(directory, O_RDWR);
  if (lock) return hold(lock, LOCK_SH);  // for a moment
  return errno == ENOENT ? Status{} : not_to_be_written("open its lock");
}

Result<std::unique_ptr<CacheDirectory>> claim(const std::string& path) {
  BM_ASSIGN(directory, open_or_make(path));
  BM_TRY(make_private(path, directory));
  BM_ASSIGN(lock, take_lock(directory));
  return system_directory(std::move(directory), std::move(lock));
}

}  // namespace

Result<std::unique_ptr<CacheDirectory>> claim_directory(const std::string& path) {
  auto claimed = claim(path);
  if (!claimed) return std::move(claimed).error().within("cache directory '" + path + "'");
  return claimed;
}

std::string parent_of_directory(const std::string& path) {
  const std::filesystem::path directory(path);
  return (directory.has_filename() ? directory : directory.parent_path()).parent_path();
}

Status check_claim(const std::string& path) {
  auto claimable = can_be_claimed(path);
  if (!claimable) return std::move(claimable).error().within("cache directory '" + path + "'");
  return claimable;
}

Result<std::unique_ptr<CacheDirectory>> look_into_directory(const std::string& path) {
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || !is_ours(directory))
    return Error{ErrorCode::not_found, "'" + path + "' is no cache directory of blobmount"};
  return system_directory(std::move(directory), Descriptor(-1));
}

}  // namespace blobmount
