#pragma once

/// What whoever started us as a service wants to hear: https://systemd.io/, sd_notify(3). Spoken here rather
/// than through libsystemd, for that reads the address from the environment each time, and there everything
/// that we start would find it.

#include <optional>
#include <string>
#include <string_view>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Safe to use from any thread. What cannot be sent is lost: who does not listen is not waited for.
class ServiceManager {
 public:
  /// The one that NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID name, which are taken out of the environment:
  /// before there are other threads. One that does nothing where there is none. Errors: an address or a time
  /// that is none.
  static Result<ServiceManager> take_from_environment();
  /// That does nothing.
  ServiceManager() = default;

  [[nodiscard]] bool is_there() const { return !address_.empty(); }

  /// The mount is usable. `status` is for people.
  void ready(std::string_view status) const;
  void stopping() const;
  void alive() const;

  /// How long may pass between two alive(); nothing: nobody counts.
  [[nodiscard]] std::optional<Duration> watchdog() const { return watchdog_; }

 private:
  void tell(const std::string& lines) const;

  std::string address_{};  ///< a path, or '@' and a name; empty: nobody listens
  std::optional<Duration> watchdog_{};
};

}  // namespace blobmount
