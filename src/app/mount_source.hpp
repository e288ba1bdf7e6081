#pragma once

/// What a user writes for the thing to be mounted.

#include <string>
#include <string_view>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// ACCOUNT[/CONTAINER[/PREFIX]], names as they are, or the https:// URL of an account, container or prefix,
/// percent-encoded as URLs are. A host that is an IP address or localhost (an emulator) has the account in
/// its path. `endpoint_suffix` is that of the account's cloud, where there is no URL. invalid_argument with a
/// sentence for the user.
Result<MountSource> parse_mount_source(std::string_view text,
                                       std::string_view endpoint_suffix = "core.windows.net");

/// "ACCOUNT/CONTAINER/PREFIX", as far as it goes.
std::string name_of(const MountSource& source);

}  // namespace blobmount
