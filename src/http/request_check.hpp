#pragma once

/// Whether a request can go on the wire as it is meant: no part of it may end its line, or its URL, early.

#include "blobmount/http.hpp"

namespace blobmount {

/// `invalid_argument` where one could. Names of blobs and ETags come from the network: a line break in one
/// must not become a header.
Status check_request(const HttpRequest& request);

}  // namespace blobmount
