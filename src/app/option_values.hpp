#pragma once

/// What users write for the values of options: sizes, durations, how fresh, which containers. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// A number of bytes, with or without a unit, becomes one without. Else `text` stays, and what it should be
/// is returned.
std::string plain_size(std::string& text);

/// "30s", "5m", "2h", "1d", or seconds without a unit; from a second to ten years. invalid_argument.
Result<Duration> parse_duration(std::string_view text);

/// "close-to-open", "cached:DURATION" or "immutable". invalid_argument with a sentence for the user.
Result<Consistency> parse_consistency(std::string_view text);

/// Each of `lists` is "GLOB[,GLOB...]"; all of them, in their order. invalid_argument with a sentence for the
/// user where fnmatch(3) would take one for something else, or no container can have such a name.
Result<std::vector<std::string>> parse_container_patterns(const std::vector<std::string>& lists);

}  // namespace blobmount
