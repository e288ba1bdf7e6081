#include "auth/token_keeper.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "auth/token_claims.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"

namespace blobmount {
namespace {

/// After the trial before it, how long a token is not tried again that the service refuses: the first trial
/// is at once, the fourth and those after it are so far apart.
constexpr std::array<Duration, 4> pauses_between_trials{Duration{0}, std::chrono::seconds{1},
                                                        std::chrono::seconds{20}, std::chrono::minutes{5}};

/// A trial that went well for so long is forgotten.
constexpr Duration served_well = std::chrono::seconds{30};

/// As long as a request is repeated (NetworkConfig::retry_timeout): what passes within it, no reader notices.
constexpr Duration time_to_replace = std::chrono::seconds{60};

/// A subscription moves to another tenant, and maybe back. A service that wants others for ever is ill.
constexpr int most_adaptations = 3;

auto whole_seconds(SteadyTime::duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

}  // namespace

TokenKeeper::TokenKeeper(TokenSource& source, Clock& clock, Log& log)
    : source_(source),
      clock_(clock),
      log_(log),
      identity_(source.description()),
      plan_(clock.now()),
      chance_(std::random_device{}()),
      thread_(start_thread("token-keeper", [this] { run(); })) {}

TokenKeeper::~TokenKeeper() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  bell_.notify_all();
  thread_.join();
}

Result<AccessToken> TokenKeeper::current() const {
  const auto now = clock_.now();
  const MutexLock lock(mutex_);
  if (serves(now)) return *token_;
  if (denies(now)) return Error{ErrorCode::unauthenticated, "no valid token: " + failure_->message};
  const std::string state = token_ ? "the token is being replaced" : "the first token is on its way";
  return Error{ErrorCode::unavailable, state + (failure_ ? ": " + failure_->message : "")};
}

void TokenKeeper::reject(const AccessToken& token, const BearerChallenge& challenge) {
  const auto now = clock_.now();
  {
    const MutexLock lock(mutex_);
    if (!token_ || rejected_at_ || token_->value != token.value) return;
    // what was asked before its trial says nothing of it
    if (tried_again_at_ && token_->issued != token.issued) return;
    if (tried_again_at_ && now - *tried_again_at_ >= served_well) forget_trials();
    rejected_at_ = now;
    failure_.reset();
    challenge_ = challenge;
    plan_.rejected(now);
  }
  bell_.notify_all();
}

Status TokenKeeper::wait_for_first(Duration at_most, Absence absence) {
  const auto deadline = clock_.now() + at_most;
  MutexLock lock(mutex_);
  while (!token_ && !hopeless(absence) && clock_.now() < deadline)
    clock_.wait_until(news_, lock.native(), deadline);

  if (token_) return {};
  if (failure_) return *failure_;
  return Error{ErrorCode::timed_out, identity_ + " gave no token in time"};
}

TokenKeeper::Life TokenKeeper::life() const {
  const auto now = clock_.now();
  const MutexLock lock(mutex_);
  Life life{.serves = serves(now), .failure = failure_ ? failure_->message : ""};
  if (token_) {
    life.age = now - token_->issued;
    life.left = token_->expires - now;
  }
  return life;
}

std::string TokenKeeper::identity() const {
  const MutexLock lock(mutex_);
  return identity_;
}

void TokenKeeper::run() {
  // No lock is held while the source is asked: readers keep the old token meanwhile.
  while (wait_for_turn()) {
    adapt();
    learn(source_.request_token());
  }
}

void TokenKeeper::adapt() {
  BearerChallenge challenge;
  {
    const MutexLock lock(mutex_);
    challenge = std::exchange(challenge_, {});
  }
  if (!challenge.tenant.empty()) wanted_tenant_ = challenge.tenant;
  if (challenge == BearerChallenge{} || adaptations_ >= most_adaptations) return;
  const auto change = source_.adapt(challenge);
  if (!change) return;
  ++adaptations_;
  log_.warning("the service takes other tokens than those it was given", {{"change", *change}});
}

bool TokenKeeper::wait_for_turn() {
  MutexLock lock(mutex_);
  while (!ending_ && clock_.now() < plan_.next_attempt()) {
    clock_.wait_until(bell_, lock.native(), plan_.next_attempt());
  }
  return !ending_;
}

void TokenKeeper::learn(Result<AccessToken> answer) {
  if (!answer) return fail(std::move(answer).error());
  const auto flaw = why_not_of_tenant(*answer);
  if (!is_refused(*answer, !flaw.empty())) return take(*std::move(answer));
  fail({ErrorCode::unauthenticated,
        "the service refused the token, and " + source_.description() + " has no other" + flaw});
}

std::string TokenKeeper::why_not_of_tenant(const AccessToken& token) const {
  if (wanted_tenant_.empty()) return "";
  const auto tenant = claims_of(token.value).tenant;
  if (tenant.empty() || same_but_for_case(tenant, wanted_tenant_)) return "";
  const auto is_domain = [](const std::string& name) { return name.find('.') != std::string::npos; };
  if (is_domain(tenant) != is_domain(wanted_tenant_)) return "";  // it may be the same one
  return ": it is of tenant " + tenant + ", and the service takes those of " + wanted_tenant_ +
         "; an application there can trust it (--auth federated-identity)";
}

void TokenKeeper::take(AccessToken token) {
  const auto now = clock_.now();
  const auto lifetime = token.expires - now;
  auto identity = source_.description();
  bool repeats_trial = false;
  {
    const MutexLock lock(mutex_);
    const bool same = token_ && token.value == token_->value;
    repeats_trial = same && rejected_at_ && trials_ > 0;
    if (!same) forget_trials();
    if (same && rejected_at_) {
      ++trials_;
      tried_again_at_ = now;
    }
    plan_.renewed(token, now);
    token_ = std::move(token);
    identity_ = std::move(identity);
    rejected_at_.reset();
    failure_.reset();
  }
  news_.notify_all();
  if (!repeats_trial) tell_success(lifetime);
}

void TokenKeeper::fail(Error error) {
  const auto now = clock_.now();
  const auto chance = std::uniform_real_distribution{}(chance_);
  const auto reason = error.message;
  SteadyTime::duration serves_for{0};
  {
    const MutexLock lock(mutex_);
    plan_.failed(error.code, now, chance, error.retry_after);
    failure_ = std::move(error);
    if (!token_ || ending_) return news_.notify_all();
    if (serves(now)) serves_for = token_->expires - now;
  }
  tell_failure(reason, serves_for);
}

void TokenKeeper::tell_success(SteadyTime::duration lifetime) {
  const auto level = told_ == Told::all_is_well ? LogLevel::debug : LogLevel::info;
  told_ = Told::all_is_well;
  log_.write(level, "token renewed", {{"lifetime_s", whole_seconds(lifetime)}});
}

void TokenKeeper::tell_failure(const std::string& reason, SteadyTime::duration serves_for) {
  if (serves_for > SteadyTime::duration::zero()) {
    if (told_ != Told::all_is_well) return;
    told_ = Told::renewal_fails;
    log_.warning("token not renewed; the old one still serves",
                 {{"reason", reason}, {"serves_for_s", whole_seconds(serves_for)}});
    return;
  }
  if (told_ == Told::token_is_dead) return;
  told_ = Told::token_is_dead;
  log_.error("no valid token; nothing can be read until there is one", {{"reason", reason}});
}

bool TokenKeeper::serves(SteadyTime now) const { return token_ && !rejected_at_ && now < token_->expires; }

bool TokenKeeper::is_refused(const AccessToken& token, bool flawed) const {
  const auto now = clock_.now();
  const MutexLock lock(mutex_);
  if (!rejected_at_ || token.value != token_->value) return false;
  if (flawed) return now < *rejected_at_ + pauses_between_trials.back();
  const auto pause = pauses_between_trials.at(std::min(trials_, pauses_between_trials.size() - 1));
  return tried_again_at_ && now < *tried_again_at_ + pause;
}

void TokenKeeper::forget_trials() {
  trials_ = 0;
  tried_again_at_.reset();
}

bool TokenKeeper::denies(SteadyTime now) const {
  if (!failure_) return false;
  if (!passes(failure_->code) || !rejected_at_) return true;
  return now >= std::min(*rejected_at_ + time_to_replace, token_->expires);
}

bool TokenKeeper::hopeless(Absence absence) const {
  if (!failure_) return false;
  return !passes(failure_->code) || (failure_->code == ErrorCode::unreachable && absence == Absence::lasts);
}

}  // namespace blobmount
