#pragma once

/// An identity service whose answers a test sets.

#include <condition_variable>
#include <optional>
#include <string>
#include <utility>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount::tests {

/// Issues "token-1", "token-2", ... with the lifetime that was set, until it is told to fail or to repeat
/// itself; "contoso.com-token-3" once a challenge has named that tenant.
class FakeTokenSource final : public TokenSource {
 public:
  FakeTokenSource(Clock& clock, Duration lifetime) : clock_(clock), lifetime_(lifetime) {}

  Result<AccessToken> request_token() override BM_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++requests_;
    changed_.notify_all();
    while (silent_) changed_.wait(lock.native());
    if (failure_) return *failure_;

    if (!repeats_) ++issued_;
    const auto now = clock_.now();
    AccessToken token{Secret{prefix_ + "token-" + std::to_string(issued_)}, now, now + lifetime_};
    if (refresh_in_) token.renew = now + *refresh_in_;
    return token;
  }
  std::optional<std::string> adapt(const BearerChallenge& challenge) override BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    ++challenges_;
    if (challenge.tenant.empty() || challenge.tenant + "-" == prefix_) return std::nullopt;
    prefix_ = challenge.tenant + "-";
    return "now for " + challenge.tenant;
  }
  [[nodiscard]] std::string description() const override { return "a fake identity"; }

  void fail_with(ErrorCode code, std::string message) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    failure_ = Error{code, std::move(message)};
  }
  void recover() BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    failure_.reset();
  }
  /// Answer with the last token again, as a service that caches does.
  void repeat(bool yes) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    repeats_ = yes;
  }
  /// Say when tokens should be renewed.
  void advise(Duration refresh_in) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    refresh_in_ = refresh_in;
  }
  /// Leave requests without an answer, until told otherwise.
  void be_silent(bool yes) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    silent_ = yes;
    changed_.notify_all();
  }

  /// Block until so many requests came.
  void wait_for_requests(int count) BM_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (requests_ < count) changed_.wait(lock.native());
  }
  [[nodiscard]] int requests() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return requests_;
  }
  /// Challenges that were passed on.
  [[nodiscard]] int challenges() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return challenges_;
  }

 private:
  Clock& clock_;
  const Duration lifetime_;
  mutable Mutex mutex_;
  std::condition_variable changed_;
  std::optional<Error> failure_ BM_GUARDED_BY(mutex_);
  bool repeats_ BM_GUARDED_BY(mutex_) = false;
  bool silent_ BM_GUARDED_BY(mutex_) = false;
  int requests_ BM_GUARDED_BY(mutex_) = 0;
  int issued_ BM_GUARDED_BY(mutex_) = 0;
  int challenges_ BM_GUARDED_BY(mutex_) = 0;
  std::string prefix_ BM_GUARDED_BY(mutex_);
  std::optional<Duration> refresh_in_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount::tests
