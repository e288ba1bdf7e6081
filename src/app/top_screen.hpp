#pragma once

/// What `blobmount top` shows: lines of text, without a terminal.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "app/activity_rates.hpp"

namespace blobmount {

/// `status` is what the daemon says of itself.
std::vector<std::string> top_screen(const nlohmann::json& status, const ActivityRates& rates,
                                    std::size_t width);

}  // namespace blobmount
