#pragma once

/// The options of mount(8) and /etc/fstab: "ro,cache-size=50GiB,allow_other".

#include <string_view>

#include "blobmount/result.hpp"

#include "app/given_values.hpp"

namespace blobmount {

/// Of each, the last value; the name of a setting, or of "config", which stays by that name; '_' may stand
/// for '-'. A value with commas stands in double quotes, or has a '\' before each. Those of mount(8) that
/// change nothing in a filesystem that is only read, or are for mount(8) and systemd alone, are passed over.
/// invalid_argument for all others, unless they are to be passed over, too: `sloppy`, as mount(8) calls it.
Result<GivenValues> parse_mount_options(std::string_view options, bool sloppy = false);

}  // namespace blobmount
