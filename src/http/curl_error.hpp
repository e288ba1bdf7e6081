#pragma once

/// What curl's failures mean to a caller, and what they say to a person.

#include <curl/curl.h>

#include "blobmount/http.hpp"

namespace blobmount {

/// `handle` has ended with `code`, which is not CURLE_OK; `detail` is what stands in its CURLOPT_ERRORBUFFER.
Error error_of_curl(CURL* handle, CURLcode code, const HttpRequest& request, std::string_view detail);

}  // namespace blobmount
