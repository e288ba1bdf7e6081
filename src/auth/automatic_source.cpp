#include "auth/automatic_source.hpp"

#include <utility>

namespace blobmount {
namespace {

std::string all_of(const std::vector<std::unique_ptr<TokenSource>>& candidates) {
  std::string all;
  for (const auto& candidate : candidates) all += (all.empty() ? "" : " or ") + candidate->description();
  return all;
}

}  // namespace

AutomaticSource::AutomaticSource(std::vector<std::unique_ptr<TokenSource>> candidates)
    : candidates_(std::move(candidates)), description_(all_of(candidates_)) {}

Result<AccessToken> AutomaticSource::request_token() {
  std::string reasons;
  for (auto& candidate : candidates_) {
    auto token = candidate->request_token();
    if (token) {
      auto found = std::move(candidate);
      candidates_.clear();
      candidates_.push_back(std::move(found));
      return token;
    }
    if (token.error().code != ErrorCode::unreachable) return token;
    reasons += (reasons.empty() ? "" : "; ") + token.error().message;
  }
  return Error{ErrorCode::unreachable, std::move(reasons)};
}

std::optional<std::string> AutomaticSource::adapt(const BearerChallenge& challenge) {
  // a token was refused, so one of them has given it
  return candidates_.front()->adapt(challenge);
}

std::string AutomaticSource::description() const { return description_; }

}  // namespace blobmount
