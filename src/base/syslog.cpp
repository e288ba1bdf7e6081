#include "base/syslog.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include <syslog.h>
#include <unistd.h>

#include "base/syslog_priority.hpp"

namespace blobmount {

std::string syslog_message(LogLevel level, WallTime time, pid_t process, std::string_view line) {
  // strftime would use the locale's names
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 80> head{};
  std::snprintf(head.data(), head.size(),
                "<%d>%s %2d %02d:%02d:%02d blobmount[%d]: ", LOG_DAEMON | syslog_priority(level),
                months[static_cast<std::size_t>(local.tm_mon)], local.tm_mday, local.tm_hour, local.tm_min,
                local.tm_sec, process);
  return std::string(head.data()).append(line);
}

bool Syslog::is_there() { return is_socket("/dev/log"); }

bool Syslog::write(LogLevel level, std::string_view line) {
  return daemon_.send(syslog_message(level, std::chrono::system_clock::now(), ::getpid(), line));
}

}  // namespace blobmount
