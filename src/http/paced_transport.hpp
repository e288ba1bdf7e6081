#pragma once

/// Lets only so many requests through in a second; the others wait in order. Stands below the retries, so
/// that each try counts, and above authorization, so that none is signed before it goes.

#include <deque>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "http/rate_limit.hpp"

namespace blobmount {

class PacedTransport final : public HttpTransport {
 public:
  /// `limit` can be changed at any time; who waits notices within a second.
  PacedTransport(HttpTransport& next, Clock& clock, Scheduler& scheduler, RateLimit& limit)
      : next_(next), clock_(clock), scheduler_(scheduler), limit_(limit) {}

  /// What waits when the scheduler stops, or is not wanted when its turn comes, ends with `cancelled`.
  void start(HttpRequest request, OnResponse done) override BM_EXCLUDES(mutex_);

 private:
  struct Waiting {
    HttpRequest request;
    OnResponse done;
    SteadyTime since;
  };

  void come_back(Duration delay) BM_EXCLUDES(mutex_);
  void send_those_that_may() BM_EXCLUDES(mutex_);
  /// Who takes it sends it, or puts it back and comes again; nothing: nobody comes any more.
  std::optional<Waiting> take_first() BM_EXCLUDES(mutex_);
  void cancel_all() BM_EXCLUDES(mutex_);

  HttpTransport& next_;
  Clock& clock_;
  Scheduler& scheduler_;
  RateLimit& limit_;

  Mutex mutex_;
  std::deque<Waiting> waiting_ BM_GUARDED_BY(mutex_);
  bool somebody_comes_ BM_GUARDED_BY(mutex_) = false;  ///< for what waits
};

}  // namespace blobmount
