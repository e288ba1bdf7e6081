#pragma once

/// Finds the files of trees, in the order of the directories: one thread, and no more memory than the depth
/// of the tree takes.

#include <cstdint>
#include <functional>
#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

/// What a walk finds. Each returns whether the walk is to go on.
struct OnFound {
  std::function<bool(std::string path, std::uint64_t size)> file{};  ///< a regular one; bytes
  std::function<bool(const std::string& path, const Error&)> failed{};
};

/// Tell of `path`, a file or a directory, and of all that is below it. Follows no symbolic link but `path`,
/// and stays in its file system. Blocks.
void walk_files(const std::string& path, const OnFound& found);

}  // namespace blobmount
