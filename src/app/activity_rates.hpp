#pragma once

/// What happens in a second, from two looks at what has happened so far: arithmetic.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace blobmount {

struct OperationRate {
  std::string name{};
  double per_second = 0;
  double failed_per_second = 0;
  double bytes_per_second = 0;
  double seconds_each = 0;  ///< on average; 0 where there was none
};

struct ActivityRates {
  double seconds = 0;  ///< between the two looks
  std::vector<OperationRate> kernel{}, service{};
  double read_bytes_per_second = 0;
  double received_bytes_per_second = 0;
  /// Shares of reads, of pages that were not in memory, and of bytes that were fetched ahead: from 0 to 1;
  /// nothing where there were none.
  std::optional<double> memory_hits{}, disk_hits{}, ahead_wasted{};
  double cost_per_hour = 0;
  double cpu = 0;                                       ///< of one core
  std::vector<std::pair<std::string, double>> files{};  ///< busiest first, in bytes a second
};

/// `before` and `after` are what `activity` answers (docs/control-protocol.md), `after` is of later.
ActivityRates rates_between(const nlohmann::json& before, const nlohmann::json& after);

/// The members of `blobmount top --json`.
nlohmann::json json_of(const ActivityRates& rates);

}  // namespace blobmount
