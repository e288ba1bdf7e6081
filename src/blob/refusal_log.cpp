#include "blob/refusal_log.hpp"

namespace blobmount {
namespace {

constexpr std::chrono::minutes shortest_silence{1};

/// What an operator would want to know of; the rest is told to the program that asked, and is its business.
bool is_trouble(ErrorCode code) {
  switch (code) {
    case ErrorCode::permission_denied:
    case ErrorCode::unauthenticated:
    case ErrorCode::not_permitted:
    case ErrorCode::throttled:
    case ErrorCode::unavailable:
    case ErrorCode::unreachable:
    case ErrorCode::untrusted:
    case ErrorCode::timed_out:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return true;
    default:
      return false;
  }
}

std::string_view shown(std::string_view container) { return container.empty() ? "(the account)" : container; }

}  // namespace

void RefusalLog::failed(const std::string& container, const Error& error) {
  if (!is_trouble(error.code)) return;
  {
    const auto now = clock_.now();
    const MutexLock lock(mutex_);
    auto& refusal = refusals_[{container, error.code}];
    ++refusal.count;
    if (refusal.told || now < refusal.quiet_until) return;
    refusal.told = true;
    refusal.quiet_until = now + shortest_silence;
  }
  log_.info("requests fail; told once until they work again",
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
  if (count > 0) log_.info("requests work again", {{"container", shown(container)}, {"failed", count}});
}

}  // namespace blobmount
