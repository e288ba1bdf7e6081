#pragma once

/// Lines for the syslog daemon of this machine. Spoken here, for syslog(3) waits for a daemon that is stuck.

#include <string>
#include <string_view>

#include <sys/types.h>

#include "blobmount/clock.hpp"

#include "base/datagram_sender.hpp"
#include "base/lines_log.hpp"

namespace blobmount {

/// "<28>Nov 30 02:18:22 blobmount[123]: LINE": https://www.rfc-editor.org/rfc/rfc3164#section-4, in local
/// time.
std::string syslog_message(LogLevel level, WallTime time, pid_t process, std::string_view line);

class Syslog final : public LineSink {
 public:
  /// Whether there is a daemon to write to.
  static bool is_there();

  [[nodiscard]] bool write(LogLevel level, std::string_view line) override;

 private:
  const DatagramSender daemon_{"/dev/log"};
};

}  // namespace blobmount
