#pragma once

/// Last-Modified, read without the locale.

#include <optional>
#include <string_view>

#include "blobmount/clock.hpp"

namespace blobmount {

/// RFC 1123, as "Fri, 26 Jun 2015 23:39:12 GMT". Nothing where `text` is anything else.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace blobmount
