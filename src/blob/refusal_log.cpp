#include "blob/refusal_log.hpp"

namespace blobmount {
namespace {

constexpr std::chrono::minutes shortest_silence{1};

bool is_refusal(ErrorCode code) {
  return code == ErrorCode::permission_denied || code == ErrorCode::unauthenticated ||
         code == ErrorCode::not_permitted;
}

std::string_view shown(std::string_view container) { return container.empty() ? "(the account)" : container; }

}  // namespace

void RefusalLog::failed(const std::string& container, const Error& error) {
  if (!is_refusal(error.code)) return;
  {
    const auto now = clock_.now();
    const MutexLock lock(mutex_);
    auto& refusal = refusals_[{container, error.code}];
    ++refusal.count;
    if (refusal.told || now < refusal.quiet_until) return;
    refusal.told = true;
    refusal.quiet_until = now + shortest_silence;
  }
  log_.warning("access refused; told once until it works again",
               {{"container", shown(container)}, {"reason", error.message}});
}

void RefusalLog::succeeded(const std::string& container) {
  std::uint64_t count = 0;
  {
    const MutexLock lock(mutex_);
    for (auto entry = refusals_.lower_bound({container, ErrorCode{}});
         entry != refusals_.end() && entry->first.first == container; ++entry) {
      auto& refusal = entry->second;
      if (refusal.told) count += refusal.count;
      refusal.count = 0;
      refusal.told = false;
    }
  }
  if (count > 0) log_.info("access works again", {{"container", shown(container)}, {"refused", count}});
}

}  // namespace blobmount
