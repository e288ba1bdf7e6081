#include "app/mount_activity.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "app/process_usage.hpp"
#include "app/request_cost.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr std::size_t most_files = 20;

template <typename Time>
double seconds(Time time) {
  return std::chrono::duration<double>(time).count();
}

bool is_answer(const std::string& outcome) { return outcome.starts_with('2') || outcome.starts_with('3'); }

json service(const std::vector<OperationCounts>& requests) {
  auto all = json::object();
  for (const auto& counts : requests) {
    std::uint64_t failed = 0;
    for (const auto& [outcome, count] : counts.outcomes) failed += is_answer(outcome) ? 0 : count;
    all[counts.operation] = {{"count", counts.total.count()},
                             {"failed", failed},
                             {"retries", counts.retries},
                             {"bytes", counts.received},
                             {"seconds", seconds(counts.total.sum)},
                             {"in_flight", counts.in_flight}};
  }
  return all;
}

json kernel(const KernelRequests& requests) {
  auto all = json::object();
  for (std::size_t i = 0; i < all_operations; ++i) {
    const auto operation = static_cast<Operation>(i);
    const auto times = requests.times(operation);
    std::uint64_t refused = 0;
    for (std::size_t reason = 1; reason < KernelRequests::error_numbers; ++reason)
      refused += requests.refusals(operation, reason);
    all[std::string(name_of(operation))] = {
        {"count", times.count()}, {"failed", refused}, {"seconds", seconds(times.sum)}};
  }
  return all;
}

json busiest(const Tower& tower) {
  auto files = json::array();
  for (const auto& file : tower.tree.busiest_files().top(most_files, std::chrono::steady_clock::now()))
    files.push_back({{"name", file.name}, {"bytes_per_second", file.bytes_per_second}});
  return files;
}

}  // namespace

json activity_of(const LiveMount& mount) {
  const auto requests = mount.network.counted.counts().snapshot();
  const auto memory = mount.tower.memory.stats();
  const bool has_disk = mount.tower.disk && *mount.tower.disk;
  const auto disk = has_disk ? (*mount.tower.disk)->stats() : DiskStats{};
  return {{"time_s", seconds(std::chrono::steady_clock::now().time_since_epoch())},
          {"cpu_s", seconds(cpu_time_used())},
          {"kernel", kernel(mount.adapter.requests())},
          {"service", service(requests)},
          {"read_bytes", mount.adapter.requests().bytes()},
          {"memory_hits", memory.hits},
          {"memory_waits", memory.waits},
          {"memory_evicted", memory.evicted},
          {"ahead_used_bytes", memory.ahead_used * page_size},
          {"ahead_wasted_bytes", memory.ahead_wasted * page_size},
          {"disk_hits", disk.hits},
          {"disk_misses", disk.misses},
          {"disk_evicted", disk.evicted},
          {"cost_estimate", cost_of(requests, mount.config.metrics.prices)},
          {"files", busiest(mount.tower)}};
}

}  // namespace blobmount
