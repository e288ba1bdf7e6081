#pragma once

/// Which parts of blob names can be names of files. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace blobmount {

/// Linux's NAME_MAX, in bytes.
inline constexpr std::size_t longest_file_name = 255;

/// Whether a path can have `component`: not empty, not "." or "..", at most 255 bytes, without '/' and NUL.
bool is_file_name(std::string_view component);

/// A place in the account. Empty container: the account itself. `path` is a blob's name, or a prefix: empty
/// or ending with '/'.
struct Location {
  std::string container{};
  std::string path{};

  bool operator==(const Location&) const = default;
  [[nodiscard]] bool is_account() const { return container.empty(); }
  [[nodiscard]] Location child_file(std::string_view name) const;
  [[nodiscard]] Location child_directory(std::string_view name) const;
  /// For people: "container/path".
  [[nodiscard]] std::string to_string() const { return container + "/" + path; }
};

/// The directory that a directory is in, and its name there. Not of an account.
std::pair<Location, std::string> parent_of(const Location& directory);

/// A number for a place in the account, not for a version of what is there: the same on every mount and host.
std::uint64_t number_of(const Location& directory, std::string_view name);

}  // namespace blobmount
