#pragma once

/// The places that events can go to.

#include <memory>
#include <string>

#include "base/log.hpp"

namespace blobmount {

enum class LogForm : std::uint8_t { text, json };

/// As `config` says; `foreground` decides what `automatic` is. Throws std::runtime_error, with a sentence for
/// the user, where its file cannot be opened, or where nobody would read what goes to the place that it
/// names.
std::unique_ptr<Log> open_log(const LogConfig& config, bool foreground);

/// What `automatic` is here: in the foreground stderr, unless the journal takes that, which then gets the
/// fields, too.
LogTarget chosen_target(const LogConfig& config, bool foreground);

std::unique_ptr<Log> log_to_stderr(LogLevel lowest, LogForm form = LogForm::text);
std::unique_ptr<Log> log_to_syslog(LogLevel lowest, LogForm form = LogForm::text);
/// Its fields are the journal's own: it has no form.
std::unique_ptr<Log> log_to_journal(LogLevel lowest);
/// To the end of `path`, made with mode 0600, and anew where somebody moves it away. Throws
/// std::runtime_error where it cannot be opened.
std::unique_ptr<Log> log_to_file(const std::string& path, LogLevel lowest, LogForm form = LogForm::text);

}  // namespace blobmount
