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
    : candidates_(std::move(candidates)) {}

Result<AccessToken> AutomaticSource::request_token() {
  std::string reasons;
  for (auto& candidate : candidates_) {
    auto token = candidate->request_token();
    if (token) {
      stay_with(std::move(candidate), reasons);
      return token;
    }
    reasons += (reasons.empty() ? "" : "; ") + token.error().message;
    if (token.error().code == ErrorCode::unreachable) continue;
    auto error = std::move(token).error();
    error.message = std::move(reasons);
    return error;
  }
  return Error{ErrorCode::unreachable, std::move(reasons)};
}

std::optional<std::string> AutomaticSource::adapt(const BearerChallenge& challenge) {
  // a token was refused, so one of them has given it
  return candidates_.front()->adapt(challenge);
}

void AutomaticSource::stay_with(std::unique_ptr<TokenSource> found, const std::string& reasons) {
  if (candidates_.size() == 1) {
    candidates_.front() = std::move(found);
    return;
  }
  passed_over_ = reasons.empty() ? "" : ", since there was " + reasons;
  candidates_.clear();
  candidates_.push_back(std::move(found));
}

std::string AutomaticSource::description() const { return all_of(candidates_) + passed_over_; }

}  // namespace blobmount
