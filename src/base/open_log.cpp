#include "base/open_log.hpp"

#include <utility>

#include <syslog.h>
#include <unistd.h>

#include "base/journal_log.hpp"
#include "base/lines_log.hpp"
#include "base/log_file.hpp"
#include "base/syslog_priority.hpp"
#include "base/write_all.hpp"

namespace blobmount {
namespace {

class StandardError final : public LineSink {
 public:
  /// In one piece, as far as the system goes: lines of several threads do not mix.
  void write(LogLevel /*level*/, std::string_view line) override {
    (void)write_all(STDERR_FILENO, std::string(line) + "\n");
  }
};

class Syslog final : public LineSink {
 public:
  Syslog() { ::openlog("blobmount", LOG_PID, LOG_DAEMON); }
  ~Syslog() override { ::closelog(); }
  Syslog(const Syslog&) = delete;
  Syslog& operator=(const Syslog&) = delete;

  void write(LogLevel level, std::string_view line) override {
    ::syslog(syslog_priority(level), "%.*s", static_cast<int>(line.size()), line.data());
  }
};

LinesLog::Form timed(LogForm form) {
  const auto line = form == LogForm::json ? json_line : text_line;
  return [line](const LogEvent& event) { return line(std::chrono::system_clock::now(), event); };
}

LogForm form_of(const LogConfig& config) { return config.json ? LogForm::json : LogForm::text; }

}  // namespace

LogTarget chosen_target(const LogConfig& config, bool foreground) {
  if (config.target != LogTarget::automatic) return config.target;
  if (!config.file.empty()) return LogTarget::file;
  if (foreground) return LogTarget::standard_error;
  return has_journal() ? LogTarget::journal : LogTarget::syslog;
}

std::unique_ptr<Log> open_log(const LogConfig& config, bool foreground) {
  switch (chosen_target(config, foreground)) {
    case LogTarget::journal:
      return log_to_journal(config.lowest);
    case LogTarget::syslog:
      return log_to_syslog(config.lowest, form_of(config));
    case LogTarget::file:
      return log_to_file(config.file, config.lowest, form_of(config));
    case LogTarget::automatic:
    case LogTarget::standard_error:
      break;
  }
  return log_to_stderr(config.lowest, form_of(config));
}

std::unique_ptr<Log> log_to_stderr(LogLevel lowest, LogForm form) {
  return std::make_unique<LinesLog>(std::make_unique<StandardError>(), timed(form), lowest);
}

std::unique_ptr<Log> log_to_syslog(LogLevel lowest, LogForm form) {
  const LinesLog::Form line = form == LogForm::json ? timed(form) : LinesLog::Form(text_of);
  return std::make_unique<LinesLog>(std::make_unique<Syslog>(), line, lowest);
}

std::unique_ptr<Log> log_to_journal(LogLevel lowest) { return std::make_unique<JournalLog>(lowest); }

std::unique_ptr<Log> log_to_file(const std::string& path, LogLevel lowest, LogForm form) {
  return std::make_unique<LinesLog>(std::make_unique<LogFile>(path), timed(form), lowest);
}

}  // namespace blobmount
