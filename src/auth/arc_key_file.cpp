#include "auth/arc_key_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/secret_file.hpp"

namespace blobmount {
namespace {

constexpr std::string_view suffix = ".key";
constexpr std::size_t longest_key = 4096;
constexpr std::size_t longest_shown = 200;

struct Descriptor {
  int number;
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

/// It comes from who knows whom, and goes into the log.
std::string shown(std::string_view path) {
  std::string text(path.substr(0, longest_shown));
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c == '\x7f'; }, '?');
  return text;
}

Error no_key(std::string_view path, const std::string& why) {
  return {ErrorCode::corrupt, "the key file '" + shown(path) + "' is not read: " + why};
}

Error unreadable(const std::string& directory, int reason) {
  const auto cause = std::generic_category().message(reason);
  if (reason != EACCES && reason != EPERM)
    return {ErrorCode::unauthenticated, "the key file of Azure Arc's agent cannot be read: " + cause};
  return {ErrorCode::unauthenticated, "the key file of Azure Arc's agent in '" + directory +
                                          "' cannot be read: " + cause +
                                          "; run blobmount as root, or in the group himds"};
}

/// Its name in `directory`; empty where it is elsewhere.
std::string name_below(const std::string& directory, std::string_view path) {
  if (!path.starts_with(directory)) return "";
  path.remove_prefix(directory.size());
  if (!path.starts_with('/')) return "";
  path.remove_prefix(1);
  return path.find('/') == std::string_view::npos ? std::string(path) : "";
}

Result<std::size_t> read_all(int file, std::string& into, const std::string& directory) {
  std::size_t count = 0;
  while (count < into.size()) {
    const auto got = ::read(file, into.data() + count, into.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(directory, errno);
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  return count;
}

}  // namespace

Result<Secret> read_arc_key(const std::string& directory, std::string_view path) {
  const auto name = name_below(directory, path);
  if (name.empty() || path.find('\0') != std::string_view::npos)
    return no_key(path, "it is not in " + directory);
  if (!name.ends_with(suffix) || name == suffix) return no_key(path, "it is not called NAME.key");

  const Descriptor parent(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (parent.number < 0) return unreadable(directory, errno);
  // a FIFO would be waited for, and a link may lead anywhere
  const Descriptor file(
      ::openat(parent.number, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.number < 0 && errno == ELOOP) return no_key(path, "it is a symbolic link");
  if (file.number < 0) return unreadable(directory, errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0 || !S_ISREG(status.st_mode))
    return no_key(path, "it is not a regular file");

  std::string bytes(longest_key + 1, '\0');
  const auto count = read_all(file.number, bytes, directory);
  const Secret whole{std::move(bytes)};  // wiped, whatever comes
  if (!count) return count.error();
  if (*count > longest_key) return no_key(path, "it has more than 4096 bytes");
  auto key = trimmed(Secret(std::string(whole.reveal().substr(0, *count))));
  if (key.empty()) return no_key(path, "it is empty");
  return key;
}

}  // namespace blobmount
