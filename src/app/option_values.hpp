#pragma once

/// What users write for the values of settings, and how it is shown to them. Pure. Errors are
/// invalid_argument, and say what is taken: "takes a size such as 512MiB, not 'much'". Who calls says of
/// what.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// The least and the most of a value; both are taken.
template <typename T>
struct Bounds {
  T least, most;
};

/// Bytes: "1073741824", "512MiB", "2 GiB".
Result<std::uint64_t> parse_size(std::string_view text, Bounds<std::uint64_t> bounds);
/// With the largest unit of which it is a multiple: "10GiB", "1000".
std::string size_text(std::uint64_t bytes);

/// "500ms", "30s", "5m", "2h", "1d"; or seconds, which may have a fraction.
Result<Duration> parse_duration(std::string_view text, Bounds<Duration> bounds);
std::string duration_text(Duration duration);

/// A whole number.
Result<std::uint64_t> parse_number(std::string_view text, Bounds<std::uint64_t> bounds);
/// Not negative, with or without a fraction.
Result<double> parse_decimal(std::string_view text);
std::string decimal_text(double number);

/// "on", "true", "yes" and "1", or "off", "false", "no" and "0".
Result<bool> parse_switch(std::string_view text);

/// Octal, up to 0777.
Result<mode_t> parse_mode(std::string_view text);
std::string mode_text(mode_t mode);

/// "close-to-open", "cached:DURATION" or "immutable".
Result<Consistency> parse_consistency(std::string_view text);
std::string consistency_text(const Consistency& consistency);

/// "GLOB[,GLOB...]". Refused where fnmatch(3) would take one for something else, or no container can have
/// such a name.
Result<std::vector<std::string>> parse_container_patterns(std::string_view list);

/// ISO 4217: three capitals.
Result<std::string> parse_currency(const std::string& given);
/// It is sent in a header: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
Result<std::string> parse_header_text(const std::string& given);

}  // namespace blobmount
