#include "app/top_screen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/display.hpp"
#include "app/json_members.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, text.size()), ' ');
}

std::string percent(const std::optional<double>& share) {
  return share ? std::to_string(std::llround(*share * 100)) + "%" : "-";
}

std::string bytes_per_second(double bytes) { return shown_bytes(bytes) + "/s"; }

std::string money(double amount, const std::string& currency) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.4f", amount);
  return std::string(text.data()) + " " + currency;
}

void add_operations(std::vector<std::string>& lines, const char* title,
                    const std::vector<OperationRate>& operations) {
  lines.push_back("");
  lines.push_back(padded(title, 28) + padded("PER SECOND", 12) + padded("FAILED", 9) + padded("EACH", 10) +
                  "BYTES");
  if (operations.empty()) lines.emplace_back("  -");
  for (const auto& each : operations) {
    lines.push_back(padded("  " + each.name, 28) + padded(shown_count(each.per_second), 12) +
                    padded(shown_count(each.failed_per_second), 9) +
                    padded(shown_latency(each.seconds_each), 10) +
                    (each.bytes_per_second > 0 ? bytes_per_second(each.bytes_per_second) : ""));
  }
}

}  // namespace

std::vector<std::string> top_screen(const json& status, const ActivityRates& rates, std::size_t width) {
  std::vector<std::string> lines;
  lines.push_back(text_in(status, "source") + " on " + text_in(status, "mount_point") + ", " +
                  text_in(status, "health", "?") + ", up " + shown_seconds(number_in(status, "uptime_s")));
  lines.push_back("read " + bytes_per_second(rates.read_bytes_per_second) + ", received " +
                  bytes_per_second(rates.received_bytes_per_second) + ", cost " +
                  money(rates.cost_per_hour, text_in(status, "currency")) + " per hour");
  lines.push_back("hits: memory " + percent(rates.memory_hits) + ", disk " + percent(rates.disk_hits) +
                  "; read ahead in vain " + percent(rates.ahead_wasted));
  auto space = "memory " + shown_usage(member_of(status, "memory"));
  if (const auto& disk = member_of(status, "disk_cache"); disk.is_object())
    space += ", disk " + shown_usage(disk);
  lines.push_back(space + ", CPU " + percent(rates.cpu) + ", " +
                  std::to_string(count_in(status, "open_files")) + " files open");
  for (const auto& problem : texts_in(status, "degraded")) lines.push_back("! " + problem);

  add_operations(lines, "KERNEL", rates.kernel);
  add_operations(lines, "SERVICE", rates.service);
  lines.push_back("");
  lines.emplace_back("BUSIEST FILES");
  if (rates.files.empty()) lines.emplace_back("  -");
  for (const auto& [name, bytes] : rates.files) {
    const auto rate = padded("  " + bytes_per_second(bytes), 16);
    lines.push_back(rate + shortened(name, width - std::min(width, rate.size())));
  }
  // whatever came from the daemon
  std::ranges::transform(lines, lines.begin(), printable);
  return lines;
}

}  // namespace blobmount
