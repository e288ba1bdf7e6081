#include "base/journal_log.hpp"

#include <sys/stat.h>
#include <sys/uio.h>

#define SD_JOURNAL_SUPPRESS_LOCATION  // where in the source tells an operator nothing
#include <systemd/sd-journal.h>

#include "base/syslog_priority.hpp"

namespace blobmount {
namespace {

std::string journal_name(std::string_view field) {
  std::string name = "BLOBMOUNT_";
  for (const char c : field) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

}  // namespace

std::vector<std::string> journal_entry(const LogEvent& event) {
  std::vector<std::string> entry{
      "MESSAGE=" + text_of(event),
      "PRIORITY=" + std::to_string(syslog_priority(event.level)),
      "SYSLOG_IDENTIFIER=blobmount",
      "BLOBMOUNT_EVENT=" + std::string(event.name),
  };
  for (const auto& field : event.fields) {
    if (!field.value.empty()) entry.push_back(journal_name(field.name) + "=" + field.value);
  }
  return entry;
}

bool has_journal() {
  struct stat status {};
  return ::stat("/run/systemd/journal/socket", &status) == 0 && S_ISSOCK(status.st_mode);
}

void JournalLog::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  auto entry = journal_entry({level, event, fields});
  std::vector<iovec> parts;
  parts.reserve(entry.size());
  for (auto& field : entry) parts.push_back({field.data(), field.size()});
  (void)sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace blobmount
