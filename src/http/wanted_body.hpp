#pragma once

/// Whether a body that goes to a sink is still wanted, and how its request ends where it is not.

#include "blobmount/http.hpp"

namespace blobmount {

/// A body without a sink always is.
inline bool body_wanted(const HttpRequest& request) { return !request.sink || request.sink->wanted(); }

inline Error no_longer_wanted() { return {ErrorCode::cancelled, "nobody wants the rest"}; }

}  // namespace blobmount
