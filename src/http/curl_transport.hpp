#pragma once

/// The network: a few curl loops that share the requests. Everything else that is called a transport stands
/// above.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "http/connection_queue.hpp"
#include "http/curl_limits.hpp"
#include "http/curl_loop.hpp"

namespace blobmount {

class CurlTransport final : public HttpTransport, public Scheduler {
 public:
  /// At most `loops` threads, called "network/N"; `ca_file` is PEM, or empty for the system's. What finds all
  /// connections in use waits in order.
  /// Throws std::system_error where the system has no descriptor or thread left, and std::runtime_error where
  /// libcurl does not start.
  CurlTransport(int loops, const std::string& ca_file, CurlLimits limits = {});
  /// All loops stop before the first one goes: a completion may still start something on any of them.
  ~CurlTransport() override { stop(); }
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  /// `invalid_argument`, and nothing sent, where a part of the request could be read as more than one.
  void start(HttpRequest request, OnResponse done) override;
  void run_after(Duration delay, std::function<void()> action) override;
  /// Run `action` on the thread of each loop, soon; after stop(), on this one.
  void on_each_loop(const std::function<void()>& action);
  [[nodiscard]] unsigned loops() const { return static_cast<unsigned>(loops_.size()); }
  /// Complete with `cancelled` all that is under way; what is started afterwards is cancelled at once.
  /// Returns when the last completion has run.
  void stop();

 private:
  CurlLoop& next_loop();

  std::vector<std::unique_ptr<CurlLoop>> loops_;
  std::atomic<unsigned> turn_{0};
  std::unique_ptr<ConnectionQueue> queue_;  ///< null: there is no limit of connections
};

}  // namespace blobmount
