#pragma once

/// Tells the operator of each operation that failed, once, with all that finds it again at the service; of
/// floods, the first ones and their number.

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "base/flood_gate.hpp"
#include "base/log.hpp"

namespace blobmount {

struct FailedOperation {
  std::string_view name;  ///< "read"
  std::string path;       ///< in the mount: "/a/b"
};

/// Whether `error` is an answer to the program's own question (there is no such name, it is a directory, it
/// was overwritten before it was opened), or its own wish (cancelled): no news for an operator.
bool is_expected(std::string_view operation, ErrorCode error);

/// Safe to use from any thread.
class FailureLog {
 public:
  /// `log` and `clock` outlive what `scheduler` has been given.
  FailureLog(Log& log, Clock& clock, Scheduler& scheduler, FloodGate::Rule rule = {});

  /// Whether failed() would write anything of that: spares finding out its path.
  [[nodiscard]] bool tells(std::string_view operation, ErrorCode error) const {
    return !is_expected(operation, error) || log_.enabled(LogLevel::debug);
  }
  /// `operation` was answered with `number`, an errno, because of `error`. At level warning; at debug where
  /// it is expected.
  void failed(const FailedOperation& operation, int number, const Error& error);

 private:
  class Flood;

  Log& log_;
  const std::shared_ptr<Flood> flood_;  ///< its timers may outlive us
};

}  // namespace blobmount
