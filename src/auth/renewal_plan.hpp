#pragma once

/// When to ask for the next token: arithmetic on what happened so far, without clock, chance or I/O of its
/// own.

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Whether a failure passes by itself. The others last until somebody changes something.
bool passes(ErrorCode code);

/// When the token says, or at half of its lifetime, while all is well; after failures and refusals soon at
/// first, then every 30 seconds, or every 10 where the endpoint is being updated.
class RenewalPlan {
 public:
  /// The first attempt is due at once.
  explicit RenewalPlan(SteadyTime now) : next_(now) {}

  [[nodiscard]] SteadyTime next_attempt() const { return next_; }

  /// An attempt, ending now, brought `token`.
  void renewed(const AccessToken& token, SteadyTime now);
  /// An attempt, ending now, failed. `chance` in [0, 1) spreads the machines that failed together. Before
  /// `retry_after` there is no other, but for a last one when the token dies.
  void failed(ErrorCode why, SteadyTime now, double chance, Duration retry_after = Duration{0});
  /// The service refused the token: replace it at once, unless such replacements have just been refused as
  /// well.
  void rejected(SteadyTime now);

 private:
  int failures_ = 0;    ///< in a row
  int rejections_ = 0;  ///< in a row, of tokens that hardly served
  SteadyTime last_attempt_;
  SteadyTime expires_;  ///< of the token that serves
  SteadyTime next_;
};

}  // namespace blobmount
