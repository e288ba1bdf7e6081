#pragma once

/// Dates as identity endpoints write them, where they do not count seconds.

#include <chrono>
#include <optional>
#include <string_view>

namespace blobmount {

/// Any of "06/20/2019 02:57:58 +00:00" (App Service of 2017 and Azure Machine Learning, on Linux), "1/2/2021
/// 3:04:05 PM +00:00" (the same, on Windows) and "2019-06-20T02:57:58Z" (ISO 8601, with seconds, a fraction
/// of them or not, and a zone). Nothing where it is none of these.
/// https://github.com/Azure/azure-sdk-for-cpp/blob/main/sdk/identity/azure-identity/src/managed_identity_source.cpp
std::optional<std::chrono::sys_seconds> parse_date(std::string_view text);

}  // namespace blobmount
