#pragma once

/// libfuse's low-level interface, at the version that Debian 12 has.

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include <fuse_lowlevel.h>
