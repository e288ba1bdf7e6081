#include "fakes/token_issuer.hpp"

#include <algorithm>

#include "fakes/access_token.hpp"

namespace blobmount::tests {
namespace {

constexpr std::chrono::hours lifetime{24};

bool matches(const FakeIdentity& identity, const ServedRequest& request,
             std::span<const FakeSelector> selectors) {
  bool named = false;
  for (const auto& selector : selectors) {
    const auto value = request.parameter(selector.parameter);
    if (value && identity.*selector.name != *value) return false;
    named |= value.has_value();
  }
  return named || identity.resource_id.empty();
}

std::string audience_of(std::string resource) {
  while (resource.ends_with('/')) resource.pop_back();
  return resource;
}

}  // namespace

void TokenIssuer::add(const FakeIdentity& identity) {
  const MutexLock lock(mutex_);
  identities_.push_back(identity);
}

void TokenIssuer::remove(const FakeIdentity& identity) {
  const MutexLock lock(mutex_);
  std::erase(identities_, identity);
}

std::optional<IssuedToken> TokenIssuer::issue(const ServedRequest& request,
                                              std::span<const FakeSelector> selectors,
                                              const std::string& resource) {
  const MutexLock lock(mutex_);
  const auto found = std::find_if(identities_.begin(), identities_.end(), [&](const auto& identity) {
    return matches(identity, request, selectors);
  });
  if (found == identities_.end()) return std::nullopt;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  IssuedToken issued{.identity = *found,
                     .resource = resource,
                     .token = "",
                     .not_before = now - std::chrono::minutes{5},
                     .expires = now + lifetime,
                     .lifetime = lifetime};
  issued.token = make_token({.audience = audience_of(resource),
                             .client_id = found->client_id,
                             .object_id = found->object_id,
                             .not_before = issued.not_before,
                             .expires = issued.expires,
                             .serial = issued_.size()});
  issued_.push_back(issued);
  return issued;
}

std::vector<IssuedToken> TokenIssuer::issued() const {
  const MutexLock lock(mutex_);
  return issued_;
}

std::int64_t epoch(std::chrono::sys_seconds time) { return time.time_since_epoch().count(); }

}  // namespace blobmount::tests
