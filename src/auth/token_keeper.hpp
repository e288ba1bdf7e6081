#pragma once

/// Keeps a token fresh on a thread of its own, and hands out the current one. When to renew is RenewalPlan's
/// business, how is the TokenSource's.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

#include "auth/renewal_plan.hpp"
#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

namespace blobmount {

/// A token is replaced when it says so, or at half of its lifetime; one that cannot be replaced serves until
/// it dies. A refused token is replaced at once. If the source gives the refused one again, it is tried
/// again at once, for the service may have been mistaken, and a source that caches has no other for hours;
/// refused again, it counts as a failure until the next trial, in some minutes at the most. What the service
/// says of the tokens that it takes instead is passed on to the source, a few times at most.
///
/// Logged: the first failure after a success, the death of the token, the recovery, and what the source makes
/// of the service's wishes. But for those, until there is a first token nothing is logged: whoever waits for
/// it is told.
class TokenKeeper final : public TokenProvider {
 public:
  /// Begins at once to ask for a first token. `source`, `clock` and `log` outlive the keeper.
  TokenKeeper(TokenSource& source, Clock& clock, Log& log);
  /// Waits for a request that is under way, so no longer than one request_token() takes.
  ~TokenKeeper() override;
  TokenKeeper(const TokenKeeper&) = delete;
  TokenKeeper& operator=(const TokenKeeper&) = delete;

  [[nodiscard]] Result<AccessToken> current() const override BM_EXCLUDES(mutex_);
  /// However many reject the same token, it is replaced once.
  void reject(const AccessToken& token, const BearerChallenge& challenge) override BM_EXCLUDES(mutex_);

  /// What it means that nobody is there to ask.
  enum class Absence : std::uint8_t { lasts, passes };
  /// Block until there is a first token. The failure where none can come: at once if it lasts, else once
  /// `at_most` has passed.
  Status wait_for_first(Duration at_most, Absence absence = Absence::lasts) BM_EXCLUDES(mutex_);

  /// How the current token stands.
  struct Life {
    using Time = std::optional<SteadyTime::duration>;  ///< nothing: there has been no token yet
    Time age{};
    Time left{};            ///< until it expires; negative: since it did
    bool serves = false;    ///< neither expired nor refused
    std::string failure{};  ///< of the last attempt to have one; empty: it succeeded, or is the first
  };
  [[nodiscard]] Life life() const BM_EXCLUDES(mutex_);

  /// Whose tokens they are, for people; of all sources that may give one, while none has.
  [[nodiscard]] std::string identity() const BM_EXCLUDES(mutex_);

 private:
  /// What the log was last told.
  enum class Told : std::uint8_t { all_is_well, renewal_fails, token_is_dead };

  void run() BM_EXCLUDES(mutex_);
  bool wait_for_turn() BM_EXCLUDES(mutex_);
  void adapt() BM_EXCLUDES(mutex_);
  void learn(Result<AccessToken> answer) BM_EXCLUDES(mutex_);
  /// Empty: it is of the tenant that the service wants, as far as one knows.
  [[nodiscard]] std::string why_not_of_tenant(const AccessToken& token) const;
  void take(AccessToken token) BM_EXCLUDES(mutex_);
  void fail(Error error) BM_EXCLUDES(mutex_);
  void tell_success(SteadyTime::duration lifetime);
  void tell_failure(const std::string& reason, SteadyTime::duration serves_for);

  /// Whether this is the refused token again, too soon for a trial. One that is `flawed` was refused rightly.
  [[nodiscard]] bool is_refused(const AccessToken& token, bool flawed) const BM_EXCLUDES(mutex_);
  void forget_trials() BM_REQUIRES(mutex_);
  [[nodiscard]] bool serves(SteadyTime now) const BM_REQUIRES(mutex_);
  /// There is no token, and will be none for longer than anybody waits.
  [[nodiscard]] bool denies(SteadyTime now) const BM_REQUIRES(mutex_);
  [[nodiscard]] bool hopeless(Absence absence) const BM_REQUIRES(mutex_);

  TokenSource& source_;
  Clock& clock_;
  Log& log_;

  mutable Mutex mutex_;
  std::condition_variable_any bell_;  ///< for the keeper: rejected, or ending
  std::condition_variable_any news_;  ///< from the keeper: an attempt has ended
  std::optional<AccessToken> token_ BM_GUARDED_BY(mutex_);
  std::optional<SteadyTime> rejected_at_ BM_GUARDED_BY(mutex_);     ///< token_ was refused then
  std::optional<SteadyTime> tried_again_at_ BM_GUARDED_BY(mutex_);  ///< token_, which had been refused
  std::size_t trials_ BM_GUARDED_BY(mutex_) = 0;                    ///< of token_, in a row
  std::optional<Error> failure_ BM_GUARDED_BY(mutex_);  ///< of the last attempt, if after the rejection
  std::string identity_ BM_GUARDED_BY(mutex_);          ///< description of who gave the last token
  BearerChallenge challenge_ BM_GUARDED_BY(mutex_);     ///< of the last rejection, for the next attempt
  RenewalPlan plan_ BM_GUARDED_BY(mutex_);
  bool ending_ BM_GUARDED_BY(mutex_) = false;

  std::minstd_rand chance_;       // of the keeper's thread
  Told told_{Told::all_is_well};  // of the keeper's thread
  int adaptations_ = 0;           // of the keeper's thread
  std::string wanted_tenant_{};   // of the keeper's thread; by the last challenge that named one
  std::thread thread_;
};

}  // namespace blobmount
