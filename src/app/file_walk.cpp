#include "app/file_walk.hpp"

#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "app/pinned_file.hpp"

namespace blobmount {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

struct OpenedDirectory {
  std::string path;
  std::unique_ptr<DIR, CloseDirectory> handle;
};

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

class Walk {
 public:
  Walk(dev_t file_system, const OnFound& found) : file_system_(file_system), found_(found) {}

  bool enter(const std::string& path) {
    std::unique_ptr<DIR, CloseDirectory> handle(::opendir(path.c_str()));
    if (!handle) return found_.failed(path, mount_error(errno));
    above_.push_back({path, std::move(handle)});
    return true;
  }

  bool step() {
    const auto& directory = above_.back();
    errno = 0;
    const auto* const item = ::readdir(directory.handle.get());
    if (item == nullptr) return leave(errno);
    if (is_dots(item->d_name)) return true;
    return look_at(directory, item->d_name);
  }

  [[nodiscard]] bool is_over() const { return above_.empty(); }

 private:
  bool leave(int number) {
    const auto path = std::move(above_.back().path);
    above_.pop_back();
    return number == 0 || found_.failed(path, mount_error(number));
  }

  bool look_at(const OpenedDirectory& directory, const char* name) {
    auto path = directory.path + (directory.path.ends_with('/') ? "" : "/") + name;
    struct stat status {};
    if (::fstatat(::dirfd(directory.handle.get()), name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      return found_.failed(path, mount_error(errno));
    if (S_ISREG(status.st_mode))
      return found_.file(std::move(path), static_cast<std::uint64_t>(status.st_size));
    return !S_ISDIR(status.st_mode) || status.st_dev != file_system_ || enter(path);
  }

  const dev_t file_system_;
  const OnFound& found_;
  std::vector<OpenedDirectory> above_{};
};

}  // namespace

void walk_files(const std::string& path, const OnFound& found) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    found.failed(path, mount_error(errno));
    return;
  }
  if (S_ISREG(status.st_mode)) {
    found.file(path, static_cast<std::uint64_t>(status.st_size));
    return;
  }
  Walk walk(status.st_dev, found);
  bool goes_on = walk.enter(path);
  while (goes_on && !walk.is_over()) goes_on = walk.step();
}

}  // namespace blobmount
