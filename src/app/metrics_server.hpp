#pragma once

/// Metrics over HTTP, for Prometheus on this machine: GET /metrics, and nothing else. A server of its own,
/// not a library's: it reads a request of 8 KiB at most, serves one client at a time, holds one answer in
/// memory, and so can be made to take no more than that by whoever may connect.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "app/client_thread.hpp"

namespace blobmount {

class MetricsServer {
 public:
  /// Runs on the server's thread. Where it throws, the client goes without.
  using Text = std::function<std::string()>;

  /// Listen on 127.0.0.1 only; `port` 0: any that is free. A client has `patience` for its request, and as
  /// much to take the answer. An Error has a sentence for the one who mounts.
  static Result<std::unique_ptr<MetricsServer>> listen(std::uint16_t port, Text text,
                                                       Duration patience = std::chrono::seconds{2});
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  MetricsServer(std::uint16_t port, Text text, Duration patience)
      : port_(port), text_(std::move(text)), patience_(patience) {}

  void serve(int client, int stop) const;
  [[nodiscard]] std::string answer_to(const std::string& head) const;

  const std::uint16_t port_;
  const Text text_;
  const Duration patience_;
  std::unique_ptr<ClientThread> clients_;
};

}  // namespace blobmount
