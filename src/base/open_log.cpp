#include "base/open_log.hpp"

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include "base/journal_log.hpp"
#include "base/lines_log.hpp"
#include "base/log_file.hpp"
#include "base/standard_error.hpp"
#include "base/syslog.hpp"

namespace blobmount {
namespace {

LinesLog::Form timed(LogForm form) {
  const auto line = form == LogForm::json ? json_line : text_line;
  return [line](const LogEvent& event) { return line(std::chrono::system_clock::now(), event); };
}

LogForm form_of(const LogConfig& config) { return config.json ? LogForm::json : LogForm::text; }

/// Whoever names a place would look there for what is not there.
void refuse_what_nobody_reads(LogTarget named, bool foreground) {
  const char* lack = nullptr;
  if (named == LogTarget::journal && !has_journal()) lack = "the journal, but systemd has none here";
  if (named == LogTarget::syslog && !Syslog::is_there()) lack = "syslog, but there is none here";
  if (named == LogTarget::standard_error && !foreground)
    lack = "stderr, but nobody sees that in the background, without --foreground";
  if (lack != nullptr)
    throw std::runtime_error(std::string("log-to is ") + lack +
                             ": choose another place, or leave log-to out");
}

}  // namespace

LogTarget chosen_target(const LogConfig& config, bool foreground) {
  if (config.target != LogTarget::automatic) return config.target;
  if (!config.file.empty()) return LogTarget::file;
  const bool in_journal = has_journal() && is_journal_stream(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
  if (foreground && !in_journal) return LogTarget::standard_error;
  return has_journal() ? LogTarget::journal : LogTarget::syslog;
}

std::unique_ptr<Log> open_log(const LogConfig& config, bool foreground) {
  refuse_what_nobody_reads(config.target, foreground);
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
