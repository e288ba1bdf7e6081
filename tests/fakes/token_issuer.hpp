#pragma once

/// The managed identities of a fake host, and the tokens that they are given.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/annotated_mutex.hpp"
#include "fakes/identity_endpoint.hpp"
#include "fakes/served_request.hpp"

namespace blobmount::tests {

/// Which parameter of a request names an identity by which of its names.
struct FakeSelector {
  const char* parameter;
  std::string FakeIdentity::*name;
};

struct IssuedToken {
  FakeIdentity identity;
  std::string resource, token;
  std::chrono::sys_seconds not_before, expires;
  std::chrono::seconds lifetime;
};

/// Safe to use from any thread. Has a system-assigned identity at first.
class TokenIssuer {
 public:
  void add(const FakeIdentity& identity) BM_EXCLUDES(mutex_);
  void remove(const FakeIdentity& identity) BM_EXCLUDES(mutex_);

  /// For the identity that the request names; without a name, the system-assigned one. Nothing where there is
  /// no such identity.
  std::optional<IssuedToken> issue(const ServedRequest& request, std::span<const FakeSelector> selectors,
                                   const std::string& resource) BM_EXCLUDES(mutex_);

  /// The tokens given out, in order.
  [[nodiscard]] std::vector<IssuedToken> issued() const BM_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::vector<FakeIdentity> identities_ BM_GUARDED_BY(mutex_){IdentityEndpoint::system_assigned()};
  std::vector<IssuedToken> issued_ BM_GUARDED_BY(mutex_);
};

/// Seconds since 1970.
std::int64_t epoch(std::chrono::sys_seconds time);

}  // namespace blobmount::tests
