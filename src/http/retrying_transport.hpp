#pragma once

/// Repeats what failed in a way that passes, for all requests alike. Stands above authorization, so that each
/// try is signed afresh. A body that goes to a sink is resumed at the byte reached. After a try that timed
/// out the next one goes to another connection, and is given up sooner. What waits for its next try when the
/// scheduler stops ends with `cancelled`, and so does what its sink no longer wants. The time for which our
/// own limits hold it back is not lost.

#include <functional>
#include <memory>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "http/retry_policy.hpp"

namespace blobmount {

/// Numbers in [0, 1); safe to use from any thread.
using Chance = std::function<double()>;
Chance random_chance();

class RetryingTransport final : public HttpTransport {
 public:
  RetryingTransport(HttpTransport& next, Clock& clock, Scheduler& scheduler, RetryPolicy policy,
                    Chance chance = random_chance())
      : next_(next), clock_(clock), scheduler_(scheduler), policy_(policy), chance_(std::move(chance)) {}

  void start(HttpRequest request, OnResponse done) override;

 private:
  struct Call;
  void try_once(const std::shared_ptr<Call>& call);
  void note_progress(Call& call) const;
  void ended(const std::shared_ptr<Call>& call, Result<HttpResponse> outcome);

  HttpTransport& next_;
  Clock& clock_;
  Scheduler& scheduler_;
  const RetryPolicy policy_;
  const Chance chance_;
};

}  // namespace blobmount
