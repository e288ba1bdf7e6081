#pragma once

/// `blobmount refresh`: tells the daemon of a mount to forget what it knows of a path.

#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

/// Blocks until the daemon of the mount that `path` is in has done it, 15 s at most. An Error has a sentence
/// for the user.
Status refresh(const std::string& path);

}  // namespace blobmount
