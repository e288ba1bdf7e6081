#pragma once

/// Requests that wait for a connection to be free, of all the loops', in order. They wait here and not in
/// curl, where their time would run.

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "http/curl_loop.hpp"

namespace blobmount {

/// Safe to use from any thread.
class ConnectionQueue {
 public:
  /// A loop, which outlives us, and how many transfers it may have at a time.
  struct Place {
    CurlLoop& loop;
    unsigned free;
  };
  explicit ConnectionQueue(std::vector<Place> places) : places_(std::move(places)) {}

  /// As HttpTransport::start.
  void start(HttpRequest request, OnResponse done) BM_EXCLUDES(mutex_);
  /// Completes with `cancelled` what waits, and what comes afterwards.
  void stop() BM_EXCLUDES(mutex_);

 private:
  struct Waiting {
    HttpRequest request;
    OnResponse done;
    SteadyTime since;
  };

  void send(std::size_t place, HttpRequest request, OnResponse done);
  void send_next(std::size_t place) BM_EXCLUDES(mutex_);
  /// The one whose turn it is, or nothing: then `place` has one more that is free.
  std::optional<Waiting> take_next(std::size_t place) BM_EXCLUDES(mutex_);

  Mutex mutex_;
  std::vector<Place> places_ BM_GUARDED_BY(mutex_);
  std::deque<Waiting> waiting_ BM_GUARDED_BY(mutex_);  ///< only while no place is free
  bool ending_ BM_GUARDED_BY(mutex_) = false;
};

}  // namespace blobmount
