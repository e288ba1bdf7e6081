#pragma once

/// Where ErrorCode becomes errno: the only place.

#include "blobmount/result.hpp"

namespace blobmount {

/// A positive errno.
int errno_of(ErrorCode code);

}  // namespace blobmount
