#include "auth/token_target.hpp"

#include <utility>

#include "auth/renewal_plan.hpp"
#include "auth/token_claims.hpp"
#include "base/text.hpp"

namespace blobmount {

std::optional<std::string> TokenTarget::adapt(const BearerChallenge& challenge) {
  const auto& [tenant, resource] = challenge;
  std::string changes;
  const bool has_tenant =
      same_but_for_case(tenant, wanted_.tenant) || same_but_for_case(tenant, token_tenant_);
  if (!tenant.empty() && !has_tenant) {
    const auto& before = wanted_.tenant.empty() ? token_tenant_ : wanted_.tenant;
    changes = "of tenant " + tenant + (before.empty() ? "" : ", not " + before);
    wanted_.tenant = tenant;
    token_tenant_.clear();
  }
  if (!resource.empty() && without_slashes(resource) != without_slashes(wanted_.resource)) {
    changes += (changes.empty() ? "" : " and ") + ("for " + resource) + ", not " + wanted_.resource;
    wanted_.resource = resource;
  }
  if (changes.empty()) return std::nullopt;
  on_trial_ = true;
  return "the service takes tokens " + changes + ": these are asked for from now on";
}

void TokenTarget::learn(const Result<AccessToken>& answer) {
  if (answer) {
    token_tenant_ = claims_of(answer->value).tenant;
    on_trial_ = false;
  } else if (on_trial_ && !passes(answer.error().code)) {
    wanted_ = configured_;
    on_trial_ = false;
  }
}

}  // namespace blobmount
