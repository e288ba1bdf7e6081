#pragma once

/// Events as entries of systemd's journal, each field under its own name, to be searched for.
/// https://www.freedesktop.org/software/systemd/man/sd_journal_print.html

#include <string>
#include <vector>

#include "base/lines_log.hpp"

namespace blobmount {

/// "NAME=value" each: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, BLOBMOUNT_EVENT, and BLOBMOUNT_ with the name of
/// each field in capitals.
std::vector<std::string> journal_entry(const LogEvent& event);

/// Whether there is a journal to write to.
bool has_journal();

class JournalLog final : public LeveledLog {
 public:
  using LeveledLog::LeveledLog;

  /// An entry that the journal does not take, because it is being restarted, is lost.
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;
};

}  // namespace blobmount
