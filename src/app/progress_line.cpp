#include "app/progress_line.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/text.hpp"

namespace blobmount {
namespace {

/// Long enough for a rate that can be read, short enough to show what has changed.
constexpr std::chrono::seconds remembered{10};

constexpr std::size_t shortest_bar = 10, longest_bar = 40;
constexpr auto gap = "  ";  // between the parts

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

double part_done(const Progress& progress) {
  if (progress.bytes_found == 0) return progress.files_done < progress.files_found ? 0 : 1;
  const auto part = static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes_found);
  return std::min(part, 1.0);
}

std::string files_text(const Progress& progress) {
  return std::to_string(progress.files_done) + "/" + std::to_string(progress.files_found) +
         (progress.all_found ? " files" : "+ files");
}

std::string sizes_text(const Progress& progress) {
  return bytes_text(static_cast<double>(progress.bytes_done)) + "/" +
         bytes_text(static_cast<double>(progress.bytes_found)) + (progress.all_found ? "" : "+");
}

std::string time_left_text(const Progress& progress, double rate) {
  const auto left = progress.bytes_found - std::min(progress.bytes_done, progress.bytes_found);
  if (rate <= 0) return "stalled";
  return duration_text(static_cast<double>(left) / rate) + (progress.all_found ? " left" : "+ left");
}

/// Rounded down: 100% is the end.
std::string percent_text(double part) { return formatted("%3.0f%%", std::floor(100 * part)); }

std::string bar(double part, std::size_t width) {
  const auto inside = width - 2;
  const auto full = static_cast<std::size_t>(part * static_cast<double>(inside));
  return "[" + std::string(full, '#') + std::string(inside - full, '-') + "]";
}

}  // namespace

void RateMeter::note(SteadyTime now, std::uint64_t bytes) {
  samples_.push_back({now, bytes});
  while (samples_.size() > 2 && now - samples_[1].when >= remembered) samples_.pop_front();
}

std::optional<double> RateMeter::rate() const {
  if (samples_.empty() || samples_.front().when == samples_.back().when) return std::nullopt;
  const std::chrono::duration<double> time = samples_.back().when - samples_.front().when;
  const auto before = samples_.front().bytes;
  return static_cast<double>(std::max(samples_.back().bytes, before) - before) / time.count();
}

std::string bytes_text(double bytes) {
  static constexpr std::array<const char*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 1023.95 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return formatted(unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units.at(unit));
}

std::string duration_text(double seconds) {
  static constexpr double longest = 999.0 * 3600;
  const auto whole = static_cast<int>(std::ceil(std::min(seconds, longest)));
  const int hours = whole / 3600, minutes = whole / 60 % 60;
  if (hours > 0) return formatted("%d:%02d:%02d", hours, minutes, whole % 60);
  return formatted("%d:%02d", minutes, whole % 60);
}

std::string progress_line(const Progress& progress, std::optional<double> rate, std::size_t width) {
  const auto part = part_done(progress);
  // what matters most comes first here, and stays
  std::vector<std::string> parts{percent_text(part)};
  const auto add = [&parts, width](const std::string& text, std::size_t place) {
    auto more = parts;
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(std::min(place, more.size())), text);
    if (joined(more, gap).size() <= width) parts = std::move(more);
  };
  if (rate) add(time_left_text(progress, *rate), 1);
  add(sizes_text(progress), 1);
  add(files_text(progress), 1);
  if (rate) add(bytes_text(*rate) + "/s", parts.size() - 1);

  const auto rest = joined(parts, gap);
  if (rest.size() + 2 + shortest_bar > width) return rest.substr(0, width);
  return bar(part, std::min(width - rest.size() - 2, longest_bar)) + "  " + rest;
}

}  // namespace blobmount
