#pragma once

/// What curl's failures mean to a caller, and what they say to a person.

#include <curl/curl.h>

#include "blobmount/http.hpp"

namespace blobmount {

/// `handle` has ended with `code`, which is not CURLE_OK; `detail` is what stands in its CURLOPT_ERRORBUFFER.
Error error_of_curl(CURL* handle, CURLcode code, const HttpRequest& request, std::string_view detail);

/// A try that curl has not ended is beyond `request.limits`: of silence, of its whole time.
Error too_silent(const HttpRequest& request);
Error too_long(const HttpRequest& request);

}  // namespace blobmount
