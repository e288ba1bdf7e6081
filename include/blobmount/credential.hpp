#pragma once

/// Tokens: where a fresh one comes from, and who hands out the current one.

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// A secret text. Cannot be printed or logged by accident, and is wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  /// For the one place that puts it on the wire.
  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  void wipe() noexcept;
  std::string text_;
};

/// A bearer token. Its times are on the steady clock, worked out from its lifetime when it came, so that a
/// wrong calendar does no harm.
struct AccessToken {
  Secret value;
  SteadyTime issued;
  SteadyTime expires;
  /// When the next one should be asked for; nothing: nobody said, so at half of its life.
  std::optional<SteadyTime> renew{};

  bool operator==(const AccessToken&) const = default;
};

/// What a service says of the tokens that it takes: the fields of its bearer challenge.
/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory#bearer-challenge
struct BearerChallenge {
  std::string tenant{};    ///< empty: not said
  std::string resource{};  ///< without a slash at its end; empty: not said

  bool operator==(const BearerChallenge&) const = default;
};

/// Asks an identity service for a fresh token.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// One round trip; may block, and may be slow. Used by one thread at a time. `unauthenticated` is final
  /// (the identity does not exist or was refused); `unavailable`, `busy` (the endpoint is being updated),
  /// `unreachable`, `throttled` and `timed_out` pass.
  virtual Result<AccessToken> request_token() = 0;
  /// The service refused a token of this source, and wants others: a sentence for the log that says what is
  /// asked for from now on instead; nothing where the source asks for that already, or would not. On the same
  /// thread.
  virtual std::optional<std::string> adapt(const BearerChallenge& challenge);
  /// For people: "managed identity (system-assigned)". On the same thread, or before anything is asked.
  [[nodiscard]] virtual std::string description() const = 0;
};

/// Hands out the current token. Safe to use from any thread; never waits on the network.
class TokenProvider {
 public:
  virtual ~TokenProvider() = default;
  /// A token that is alive and not refused; `unavailable` while a refused one is being replaced (try again
  /// soon); `unauthenticated` where there is none and none can be had at present.
  [[nodiscard]] virtual Result<AccessToken> current() const = 0;
  /// The service refused `token`, with that challenge: replace it soon. No effect if it is no longer the
  /// current one.
  virtual void reject(const AccessToken& token, const BearerChallenge& challenge) = 0;
};

}  // namespace blobmount
