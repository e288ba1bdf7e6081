#include "app/activity_rates.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/json_members.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr double seconds_in_an_hour = 3600;

double grown(const json& before, const json& after, const char* member) {
  return std::max(0.0, number_in(after, member) - number_in(before, member));
}

std::optional<double> share(double part, double rest) {
  if (part + rest <= 0) return std::nullopt;
  return part / (part + rest);
}

std::vector<OperationRate> operations_of(const json& before, const json& after, double seconds) {
  std::vector<OperationRate> rates;
  if (!after.is_object()) return rates;
  for (const auto& [name, now] : after.items()) {
    const auto& then = member_of(before, name.c_str());
    const auto count = grown(then, now, "count");
    if (count == 0) continue;
    rates.push_back({.name = name,
                     .per_second = count / seconds,
                     .failed_per_second = grown(then, now, "failed") / seconds,
                     .bytes_per_second = grown(then, now, "bytes") / seconds,
                     .seconds_each = grown(then, now, "seconds") / count});
  }
  std::ranges::sort(rates, std::ranges::greater{}, &OperationRate::per_second);
  return rates;
}

json json_of(const std::vector<OperationRate>& rates) {
  auto all = json::object();
  for (const auto& rate : rates) {
    all[rate.name] = {{"per_second", rate.per_second},
                      {"failed_per_second", rate.failed_per_second},
                      {"bytes_per_second", rate.bytes_per_second},
                      {"seconds_each", rate.seconds_each}};
  }
  return all;
}

json json_of(const std::optional<double>& share) { return share ? json(*share) : json(); }

}  // namespace

ActivityRates rates_between(const json& before, const json& after) {
  ActivityRates rates;
  rates.seconds = std::max(1e-3, grown(before, after, "time_s"));
  const auto rate = [&](const char* member) { return grown(before, after, member) / rates.seconds; };
  const auto operations = [&](const char* member) {
    return operations_of(member_of(before, member), member_of(after, member), rates.seconds);
  };
  rates.kernel = operations("kernel");
  rates.service = operations("service");
  rates.read_bytes_per_second = rate("read_bytes");
  for (const auto& operation : rates.service) rates.received_bytes_per_second += operation.bytes_per_second;
  rates.memory_hits = share(rate("memory_hits"), rate("memory_waits"));
  rates.disk_hits = share(rate("disk_hits"), rate("disk_misses"));
  rates.ahead_wasted = share(rate("ahead_wasted_bytes"), rate("ahead_used_bytes"));
  rates.cost_per_hour = rate("cost_estimate") * seconds_in_an_hour;
  rates.cpu = rate("cpu_s");
  for (const auto& file : member_of(after, "files"))
    rates.files.emplace_back(text_in(file, "name"), number_in(file, "bytes_per_second"));
  return rates;
}

json json_of(const ActivityRates& rates) {
  auto files = json::array();
  for (const auto& [name, bytes] : rates.files)
    files.push_back({{"name", name}, {"bytes_per_second", bytes}});
  return {{"seconds", rates.seconds},
          {"kernel", json_of(rates.kernel)},
          {"service", json_of(rates.service)},
          {"read_bytes_per_second", rates.read_bytes_per_second},
          {"received_bytes_per_second", rates.received_bytes_per_second},
          {"memory_hits", json_of(rates.memory_hits)},
          {"disk_hits", json_of(rates.disk_hits)},
          {"ahead_wasted", json_of(rates.ahead_wasted)},
          {"cost_per_hour", rates.cost_per_hour},
          {"cpu", rates.cpu},
          {"files", std::move(files)}};
}

}  // namespace blobmount
