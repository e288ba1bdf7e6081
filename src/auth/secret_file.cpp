#include "auth/secret_file.hpp"

#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace blobmount {
namespace {

constexpr std::size_t longest_secret = 16U << 10U;
/// A certificate comes with those of its issuers.
constexpr std::size_t longest_binary_secret = 64U << 10U;
constexpr auto look_pause = std::chrono::seconds{1};

Error unreadable(const std::string& path, const std::string& why) {
  return {ErrorCode::invalid_argument, "cannot read the secret in '" + path + "': " + why};
}

struct Closing {
  int descriptor;
  ~Closing() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

/// What is left when all has been read, or `size` bytes.
Result<std::size_t> read_all(int descriptor, std::string& into, const std::string& path) {
  std::size_t count = 0;
  while (count < into.size()) {
    const auto got = ::read(descriptor, into.data() + count, into.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, std::generic_category().message(errno));
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  return count;
}

Result<Secret> read_at_most(const std::string& path, std::size_t longest) {
  // a FIFO would be waited for
  const Closing file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.descriptor < 0) return unreadable(path, std::generic_category().message(errno));
  struct stat status {};
  if (::fstat(file.descriptor, &status) != 0 || !S_ISREG(status.st_mode))
    return unreadable(path, "it is not a regular file");

  std::string bytes(longest + 1, '\0');
  const auto count = read_all(file.descriptor, bytes, path);
  const Secret whole{std::move(bytes)};  // wiped, whatever comes
  if (!count) return count.error();
  if (*count > longest)
    return unreadable(path, "it has more than " + std::to_string(longest >> 10U) + " KiB");
  if (*count == 0) return unreadable(path, "it is empty");
  return Secret(std::string(whole.reveal().substr(0, *count)));
}

}  // namespace

Secret trimmed(Secret text) {
  auto shown = text.reveal();
  while (!shown.empty() && std::isspace(static_cast<unsigned char>(shown.back())) != 0)
    shown.remove_suffix(1);
  return shown.size() == text.reveal().size() ? text : Secret(std::string(shown));
}

Result<Secret> read_secret_file(const std::string& path) {
  BM_ASSIGN(content, read_at_most(path, longest_secret));
  auto secret = trimmed(std::move(content));
  if (secret.empty()) return unreadable(path, "it is empty");
  return secret;
}

Result<Secret> read_binary_secret_file(const std::string& path) {
  return read_at_most(path, longest_binary_secret);
}

std::optional<std::string> warn_of_wide_modes(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & 0077U) == 0) return std::nullopt;
  return "others than its owner may read the secret in '" + path + "': chmod 600 '" + path + "'";
}

Result<std::unique_ptr<WatchedSecretFile>> WatchedSecretFile::open(std::string path, Clock& clock, Log& log) {
  std::unique_ptr<WatchedSecretFile> file(new WatchedSecretFile(std::move(path), clock, log));
  const MutexLock lock(file->mutex_);
  BM_TRY(file->look());
  return file;
}

Secret WatchedSecretFile::current() {
  const auto now = clock_.now();
  const MutexLock lock(mutex_);
  if (now < next_look_) return content_;
  const auto looked = look();
  if (!looked && !std::exchange(failure_logged_, true)) {
    log_.warning("a secret cannot be read any more; the last one is used on",
                 {{"reason", looked.error().message}});
  }
  if (looked) failure_logged_ = false;
  return content_;
}

void WatchedSecretFile::refused() {
  const MutexLock lock(mutex_);
  next_look_ = {};
  stamp_.reset();
}

std::optional<WatchedSecretFile::Stamp> WatchedSecretFile::stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Stamp{.device = status.st_dev,
               .inode = status.st_ino,
               .size = static_cast<std::uint64_t>(status.st_size),
               .changed_s = status.st_ctim.tv_sec,
               .changed_ns = status.st_ctim.tv_nsec};
}

Status WatchedSecretFile::look() {
  next_look_ = clock_.now() + look_pause;
  const auto stamp = stamp_of(path_);
  if (stamp && stamp == stamp_) return {};
  BM_ASSIGN(content, read_secret_file(path_));
  content_ = std::move(content);
  stamp_ = stamp;
  return {};
}

}  // namespace blobmount
