#include "base/flood_gate.hpp"

#include <algorithm>
#include <utility>

namespace blobmount {

FloodGate::Verdict FloodGate::on_event(const std::string& kind, const std::string& subject, SteadyTime now) {
  auto& window = windows_.try_emplace(kind, Window{now, {}, 0}).first->second;
  // one with a rest stays open until that is taken
  if (window.counted == 0 && now - window.opened >= rule_.window) window = {now, {}, 0};

  if (const auto told = window.told.find(subject); told != window.told.end()) {
    const bool same = now - std::exchange(told->second, now) < rule_.same_within;
    if (same) return Verdict::same;
  } else if (window.told.size() < rule_.most) {
    window.told.emplace(subject, now);
    return Verdict::tell;
  }
  return ++window.counted == 1 ? Verdict::count_the_first : Verdict::count;
}

Duration FloodGate::time_left(const std::string& kind, SteadyTime now) const {
  const auto window = windows_.find(kind);
  if (window == windows_.end()) return Duration{0};
  const auto left = std::chrono::ceil<Duration>(window->second.opened + rule_.window - now);
  return std::max(left, Duration{0});
}

FloodGate::Rest FloodGate::take(const std::string& kind, SteadyTime now) {
  const auto window = windows_.extract(kind);
  if (!window) return {};
  return {window.mapped().counted, std::chrono::duration_cast<Duration>(now - window.mapped().opened)};
}

}  // namespace blobmount
