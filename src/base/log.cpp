#include "base/log.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>
#include <unistd.h>

namespace blobmount {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// Names of blobs and answers of servers can hold anything: no event may look like two.
void append_printable(std::string& line, std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else {
      line.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
}

std::string line_of(std::string_view event, std::initializer_list<LogField> fields) {
  std::string line;
  append_printable(line, event);
  for (const auto& field : fields) {
    line.append(" ").append(field.name).append("=");
    append_printable(line, field.value);
  }
  return line;
}

class SpdLog final : public Log {
 public:
  SpdLog(std::shared_ptr<spdlog::sinks::sink> sink, LogLevel lowest, const char* pattern)
      : logger_("blobmount", std::move(sink)) {
    logger_.set_level(level_of(lowest));
    logger_.set_pattern(pattern);
    logger_.flush_on(spdlog::level::debug);
  }

  [[nodiscard]] bool enabled(LogLevel level) const override { return logger_.should_log(level_of(level)); }

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override {
    if (!enabled(level)) return;
    const auto line = line_of(event, fields);
    logger_.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  spdlog::logger logger_;
};

constexpr auto timed_pattern = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";

}  // namespace

std::unique_ptr<Log> log_to_stderr(LogLevel lowest) {
  return std::make_unique<SpdLog>(std::make_shared<spdlog::sinks::stderr_sink_mt>(), lowest, timed_pattern);
}

std::unique_ptr<Log> log_to_syslog(LogLevel lowest) {
  auto sink = std::make_shared<spdlog::sinks::syslog_sink_mt>("blobmount", LOG_PID, LOG_DAEMON, true);
  return std::make_unique<SpdLog>(std::move(sink), lowest, "%v");
}

std::unique_ptr<Log> log_to_file(const std::string& path, LogLevel lowest) {
  // spdlog would make it with the umask's mode
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error(path + ": " + std::system_category().message(errno));
  ::close(file);
  return std::make_unique<SpdLog>(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path), lowest,
                                  timed_pattern);
}

}  // namespace blobmount
