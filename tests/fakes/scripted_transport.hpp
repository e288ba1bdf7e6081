#pragma once

/// A network that answers from a script, and a completion that sees to it that it is answered once.

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount::tests {

/// Answers each request with what `script` says, before start() returns, and remembers it. Safe to use from
/// any thread if the script is.
class ScriptedTransport final : public HttpTransport {
 public:
  using Script = std::function<Result<HttpResponse>(const HttpRequest&)>;
  explicit ScriptedTransport(Script script) : script_(std::move(script)) {}

  void start(HttpRequest request, OnResponse done) override BM_EXCLUDES(mutex_) {
    auto response = script_(request);
    {
      const MutexLock lock(mutex_);
      requests_.push_back(std::move(request));
    }
    done(std::move(response));
  }

  [[nodiscard]] std::vector<HttpRequest> requests() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return requests_;
  }

 private:
  const Script script_;
  mutable Mutex mutex_;
  std::vector<HttpRequest> requests_ BM_GUARDED_BY(mutex_);
};

/// Send `request` through a transport that answers before start() returns; the test fails unless it does so
/// once.
inline Result<HttpResponse> answer_of(HttpTransport& transport, HttpRequest request) {
  // Shared with the completion, which may come late or twice.
  auto answers = std::make_shared<std::vector<Result<HttpResponse>>>();
  transport.start(std::move(request), [answers](Result<HttpResponse> answer) {
    answers->push_back(std::move(answer));
    EXPECT_EQ(answers->size(), 1U) << "a completion runs exactly once";
  });
  if (answers->empty()) {
    ADD_FAILURE() << "a completion runs exactly once, and here before start() returns";
    return Error{ErrorCode::internal, "no answer"};
  }
  return answers->front();
}

}  // namespace blobmount::tests
