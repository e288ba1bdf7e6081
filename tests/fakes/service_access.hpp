#pragma once

/// Who may use a fake service: roles, firewall, tokens. It lets everybody in until it is told otherwise.

#include <optional>
#include <set>
#include <string>

#include "base/annotated_mutex.hpp"
#include "fakes/served_request.hpp"
#include "fakes/service_error.hpp"

namespace blobmount::tests {

/// Safe to use from any thread; what is set holds for the next request.
class ServiceAccess {
 public:
  /// Refuse requests without an Authorization header.
  void require_authorization(bool required) BM_EXCLUDES(mutex_);
  /// Without a role, tokens are refused with 403 AuthorizationPermissionMismatch. Shared keys need none.
  void set_role_assigned(bool assigned) BM_EXCLUDES(mutex_);
  /// Behind it, everybody is refused with 403 AuthorizationFailure.
  void set_firewall(bool up) BM_EXCLUDES(mutex_);
  /// From now on there is a SAS of one directory, "/ACCOUNT/CONTAINER/DIRECTORY", and nothing else: what is
  /// not below it, or has another signature, is refused.
  void open_directory_only(const std::string& directory, const std::string& signature) BM_EXCLUDES(mutex_);
  /// Refuse this token with 401 from now on, as a dead one is anyway.
  void refuse_token(const std::string& token) BM_EXCLUDES(mutex_);

  /// What is in the way of `request`, if anything.
  std::optional<ServiceError> objection_to(const ServedRequest& request) const BM_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  bool required_ BM_GUARDED_BY(mutex_) = false;
  bool role_assigned_ BM_GUARDED_BY(mutex_) = true;
  bool firewall_ BM_GUARDED_BY(mutex_) = false;
  std::set<std::string> refused_ BM_GUARDED_BY(mutex_);
  std::string directory_ BM_GUARDED_BY(mutex_);  ///< empty: all are open
  std::string signature_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount::tests
