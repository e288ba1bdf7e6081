#pragma once

/// Numbers and names as people read them.

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace blobmount {

/// "512 B", "1.5 GiB".
std::string shown_bytes(double bytes);
/// "1.5 GiB of 10.0 GiB": `bytes` and `limit` of what a daemon said; "1.5 GiB" where it said no limit.
std::string shown_usage(const nlohmann::json& part);
/// "7 s", "3 min", "2 h 5 min", "4 d 3 h".
std::string shown_seconds(double seconds);
/// "0.4", "12", "1.5k", "2.0M".
std::string shown_count(double count);
/// "85 us", "1.2 ms", "3.4 s".
std::string shown_latency(double seconds);
/// What a terminal would obey is replaced: names of blobs, and what others said, may hold anything.
std::string printable(std::string_view text);
/// Cut to `width` columns, with "..." in front of the end that remains; as many bytes, where they are ASCII.
std::string shortened(const std::string& text, std::size_t width);

}  // namespace blobmount
