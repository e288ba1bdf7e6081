#pragma once

/// How what is still under way ends, when the mount does.

#include "blobmount/result.hpp"

namespace blobmount {

inline Error mount_is_ending() { return {ErrorCode::cancelled, "the mount is ending"}; }

}  // namespace blobmount
