#include "fakes/service_access.hpp"

#include <chrono>
#include <string_view>

#include "fakes/access_token.hpp"

namespace blobmount::tests {
namespace {

bool expired(std::string_view token) {
  const auto end = expiry_of(token);
  return end && *end < std::chrono::system_clock::now();
}

/// What it asks for, or where it lists.
bool is_below(const ServedRequest& request, const std::string& directory) {
  const auto prefix = request.parameter("prefix");
  const auto place = prefix ? request.path + "/" + *prefix : request.path;
  return place.starts_with(directory + "/");
}

}  // namespace

void ServiceAccess::require_authorization(bool required) {
  const MutexLock lock(mutex_);
  required_ = required;
}

void ServiceAccess::set_role_assigned(bool assigned) {
  const MutexLock lock(mutex_);
  role_assigned_ = assigned;
}

void ServiceAccess::set_firewall(bool up) {
  const MutexLock lock(mutex_);
  firewall_ = up;
}

void ServiceAccess::open_directory_only(const std::string& directory, const std::string& signature) {
  const MutexLock lock(mutex_);
  directory_ = directory;
  signature_ = signature;
}

void ServiceAccess::refuse_token(const std::string& token) {
  const MutexLock lock(mutex_);
  refused_.insert(token);
}

std::optional<ServiceError> ServiceAccess::objection_to(const ServedRequest& request) const {
  static constexpr std::string_view scheme = "Bearer ";
  const auto authorization = request.header("Authorization");
  const MutexLock lock(mutex_);
  if (firewall_) return ServiceError::firewall();
  const bool closed =
      !directory_.empty() && (request.parameter("sig") != signature_ || !is_below(request, directory_));
  if (closed) return ServiceError::permission_mismatch();
  if (!authorization) return required_ ? std::optional(ServiceError::no_authentication()) : std::nullopt;
  if (!authorization->starts_with(scheme)) return std::nullopt;

  const auto token = authorization->substr(scheme.size());
  if (expired(token)) return ServiceError::token_refused("Lifetime validation failed. The token is expired.");
  if (refused_.contains(token)) return ServiceError::token_refused("Signature validation failed.");
  if (!role_assigned_) return ServiceError::permission_mismatch();
  return std::nullopt;
}

}  // namespace blobmount::tests
