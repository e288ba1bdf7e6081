#pragma once

/// Makes a directory ours: there, private, and used by no other process.

#include <memory>
#include <string>

#include "blobmount/result.hpp"

#include "cache/files.hpp"

namespace blobmount {

/// The directory at `path`, which is made, 0700, if its parent exists. `busy` while another process has
/// claimed it. The claim ends with the value or with the process, `kill -9` included; a fork shares it.
/// Errors are sentences for who chose the path.
Result<std::unique_ptr<CacheDirectory>> claim_directory(const std::string& path);

/// Where it is, or would be made. A slash at the end of `path` is of no matter.
std::string parent_of_directory(const std::string& path);

/// Whether claim_directory() would have it, as far as that can be told by looking. Changes nothing.
Status check_claim(const std::string& path);

/// One that was claimed before, maybe by another process that uses it now: to be looked at only. Changes
/// nothing in it. not_found where it is none of ours.
Result<std::unique_ptr<CacheDirectory>> look_into_directory(const std::string& path);

}  // namespace blobmount
