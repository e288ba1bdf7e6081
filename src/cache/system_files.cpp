#include "cache/system_files.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

namespace blobmount {
namespace {

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
      return ErrorCode::not_found;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::no_space;
    case EFBIG:
      return ErrorCode::too_large;
    case ENOTDIR:
      return ErrorCode::not_a_directory;
    case EACCES:
    case EPERM:
      return ErrorCode::permission_denied;
    default:
      return ErrorCode::unavailable;
  }
}

Error error_of(int number, const std::string& activity) {
  return Error{code_of(number), std::system_category().message(number)}.within(activity);
}

/// `call`, again when a signal interrupted it.
template <typename Call>
auto uninterrupted(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Leave out the first `count` bytes.
void drop_front(std::vector<iovec>& vectors, std::size_t count) {
  while (!vectors.empty() && count >= vectors.front().iov_len) {
    count -= vectors.front().iov_len;
    vectors.erase(vectors.begin());
  }
  if (count == 0) return;
  auto& first = vectors.front();
  first.iov_base = static_cast<std::byte*>(first.iov_base) + count;
  first.iov_len -= count;
}

iovec vector_of(Piece piece) {
  return {.iov_base = const_cast<std::byte*>(piece.data()), .iov_len = piece.size()};
}

/// Whoever writes to a file changes its times.
FileStamp stamp_of(const struct stat& status) {
  constexpr FileStamp factor = 0x100000001b3;  // FNV-1a's
  FileStamp stamp = 0xcbf29ce484222325;
  for (const auto part : {status.st_ctim.tv_sec, status.st_ctim.tv_nsec, status.st_mtim.tv_sec,
                          status.st_mtim.tv_nsec, static_cast<__syscall_slong_t>(status.st_size)}) {
    stamp = (stamp ^ static_cast<FileStamp>(part)) * factor;
  }
  return stamp;
}

class SystemFile final : public File {
 public:
  /// `read_only`: why it cannot be written, 0 if it can.
  explicit SystemFile(Descriptor file, int read_only = 0) : file_(std::move(file)), read_only_(read_only) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto count = uninterrupted([&] {
        return ::pread(file_.number(), bytes.data() + done, bytes.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) return system_error("read");
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Status write(std::uint64_t offset, std::span<const Piece> pieces) override {
    if (read_only_ != 0) return error_of(read_only_, "write");
    std::vector<iovec> left;
    for (const auto piece : pieces) left.push_back(vector_of(piece));
    while (!left.empty()) {
      const auto count = uninterrupted([&] {
        return ::pwritev(file_.number(), left.data(), static_cast<int>(left.size()),
                         static_cast<off_t>(offset));
      });
      if (count < 0) return system_error("write");
      offset += static_cast<std::uint64_t>(count);
      drop_front(left, static_cast<std::size_t>(count));
    }
    return {};
  }

  Status resize(std::uint64_t size) override {
    const int failed = uninterrupted([&] { return ::ftruncate(file_.number(), static_cast<off_t>(size)); });
    if (failed != 0) return system_error("resize");
    return {};
  }

  Status touch() override {
    if (::futimens(file_.number(), nullptr) != 0) return system_error("touch");
    return {};
  }

  Result<FileStamp> stamp() override {
    struct stat status {};
    if (::fstat(file_.number(), &status) != 0) return system_error("look at it");
    return stamp_of(status);
  }

  [[nodiscard]] int descriptor() const override { return file_.number(); }

 private:
  const Descriptor file_;
  const int read_only_;
};

WallTime wall_time(const timespec& time) {
  const auto since_epoch = std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  return WallTime{std::chrono::duration_cast<WallTime::duration>(since_epoch)};
}

FoundFile found(const char* name, const struct stat& status) {
  constexpr std::uint64_t block = 512;  // of st_blocks, whatever the file system's are
  return {.name = name,
          .allocated = static_cast<std::uint64_t>(status.st_blocks) * block,
          .modified = wall_time(status.st_mtim)};
}

class SystemDirectory final : public CacheDirectory {
 public:
  SystemDirectory(Descriptor directory, Descriptor lock)
      : directory_(std::move(directory)), lock_(std::move(lock)) {}

  Result<std::unique_ptr<File>> open(const std::string& name) override {
    constexpr int reading = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
    Descriptor file(::openat(directory_.number(), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (file) return std::make_unique<SystemFile>(std::move(file));

    // its pages can be read nevertheless
    const int number = errno;
    Descriptor to_read(number == EROFS ? ::openat(directory_.number(), name.c_str(), reading) : -1);
    if (!to_read) return error_of(number, "open '" + name + "'");
    return std::make_unique<SystemFile>(std::move(to_read), number);
  }

  Result<std::unique_ptr<File>> create(const std::string& name) override {
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_CREAT | O_EXCL;
    Descriptor file(::openat(directory_.number(), name.c_str(), flags, 0600));
    if (!file) return system_error("open '" + name + "'");
    return std::make_unique<SystemFile>(std::move(file));
  }

  Status remove(const std::string& name) override {
    if (::unlinkat(directory_.number(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return system_error("remove '" + name + "'");
    }
    return {};
  }

  Status list(std::string_view suffix, const std::function<void(const FoundFile&)>& see) override {
    const int own = ::openat(directory_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(own < 0 ? nullptr : ::fdopendir(own), ::closedir);
    if (!entries) return system_error("list");

    errno = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
      const auto file =
          std::string_view(entry->d_name).ends_with(suffix) ? look_at(entry->d_name) : std::nullopt;
      if (file) see(*file);
      errno = 0;  // tells an error of the next readdir from the end
    }
    if (errno != 0) return system_error("list");
    return {};
  }

  Result<std::uint64_t> free_space() override {
    struct statvfs status {};
    if (::fstatvfs(directory_.number(), &status) != 0) return system_error("look for free space");
    return std::uint64_t{status.f_bavail} * status.f_frsize;
  }

 private:
  /// Nothing if it is gone, or no regular file.
  [[nodiscard]] std::optional<FoundFile> look_at(const char* name) const {
    struct stat status {};
    const bool gone = ::fstatat(directory_.number(), name, &status, AT_SYMLINK_NOFOLLOW) != 0;
    if (gone || !S_ISREG(status.st_mode)) return std::nullopt;
    return found(name, status);
  }

  const Descriptor directory_;
  const Descriptor lock_;
};

}  // namespace

Error system_error(const std::string& activity) { return error_of(errno, activity); }

std::unique_ptr<CacheDirectory> system_directory(Descriptor directory, Descriptor lock) {
  return std::make_unique<SystemDirectory>(std::move(directory), std::move(lock));
}

}  // namespace blobmount
