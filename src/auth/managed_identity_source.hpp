#pragma once

/// What all sources of managed identities' tokens have in common: one identity of the host's is asked for
/// tokens for a resource, by a request to an endpoint of the host.

#include <optional>
#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"

#include "auth/token_request.hpp"
#include "auth/token_target.hpp"

namespace blobmount {

/// Which query parameter names an identity by which of its names, at one host; null: none does.
struct IdentitySelectors {
  const char* client_id = nullptr;
  const char* object_id = nullptr;
  const char* resource_id = nullptr;

  /// Null where the host cannot be asked for an identity by that name, and for the system-assigned one.
  [[nodiscard]] const char* parameter(ManagedIdentity::Kind kind) const;
};

/// "managed identity (client id c1)"
std::string describe(const ManagedIdentity& identity);

class ManagedIdentitySource : public TokenSource {
 public:
  /// One try, never through a proxy; no longer than it takes to be sure that nobody answers. `unreachable`
  /// where no connection came about: this machine has no such endpoint. `unauthenticated` where the identity
  /// was refused.
  Result<AccessToken> request_token() final;
  /// Follows the service to another resource, if there are tokens for it. The tenant is the host's, and
  /// cannot be chosen.
  std::optional<std::string> adapt(const BearerChallenge& challenge) override;
  [[nodiscard]] std::string description() const override { return describe(identity_); }

 protected:
  /// `transport` and `clock` outlive it; `transport` carries the requests as they are: it must neither repeat
  /// nor redirect them.
  ManagedIdentitySource(HttpTransport& transport, Clock& clock, ManagedIdentity identity,
                        std::string resource);

  /// What request_token() asks, unless it takes more than one question.
  virtual Result<AccessToken> ask();
  [[nodiscard]] virtual HttpRequest token_request() const = 0;
  /// What to say of it.
  [[nodiscard]] virtual TokenEndpoint endpoint() const = 0;

  /// A request as most hosts take it: identity and resource are in the query of `url`.
  [[nodiscard]] HttpRequest get(Url url, const char* api_version, const IdentitySelectors& selectors) const;
  /// What is said of any endpoint of `name` at `url`; the identity is assigned to `place`: "this machine".
  [[nodiscard]] TokenEndpoint endpoint_of(const std::string& name, const Url& url,
                                          const std::string& place) const;

  [[nodiscard]] const std::string& resource() const { return target_.resource(); }

  HttpTransport& transport_;
  Clock& clock_;
  const ManagedIdentity identity_;

 private:
  TokenTarget target_;  ///< of who calls request_token() and adapt()
};

}  // namespace blobmount
