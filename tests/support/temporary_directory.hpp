#pragma once

/// A directory of a test's own, mode 0700, that goes with all it holds.

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include <stdlib.h>

namespace blobmount::tests {

class TemporaryDirectory {
 public:
  /// Made below $TMPDIR or /tmp. Throws std::system_error where that cannot be.
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "blobmount-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;  // what cannot be removed is no reason to end the test program
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace blobmount::tests
