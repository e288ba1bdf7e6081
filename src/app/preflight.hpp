#pragma once

/// What can be known to fail before anything is asked of the network.

#include <string>

#include "blobmount/result.hpp"

#include "app/given_values.hpp"

namespace blobmount {

/// Whether `mount_point` is a directory that can be mounted on, by this user, on this machine; or /dev/fd/N,
/// a mount that was handed over. An Error has a sentence that names the cause and what to do; it is `busy`
/// where blobmount is mounted there already.
Status check_mount_point(const std::string& mount_point);

/// Take away what is left on `mount_point` of a mount of ours whose daemon has died: for those that start us
/// again by themselves. No effect where there is none, or who runs us may not.
void take_away_dead_mount(const std::string& mount_point);

/// The same as check_mount_point() of the kernel's side alone.
Status check_fuse_device();

/// Whether `cache_directory`, which need not exist yet, and is empty for none, stays reachable while
/// `mount_point` is mounted on.
Status check_cache_directory(const std::string& cache_directory, const std::string& mount_point);
/// The same of the files that secrets are read from, again and again.
Status check_secret_files(const GivenValues& given, const std::string& mount_point);

}  // namespace blobmount
