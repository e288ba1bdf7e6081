#pragma once

/// Events as entries of systemd's journal, each field under its own name, to be searched for. Spoken here,
/// for sd_journal_send(3) waits for a journal that is stuck. https://systemd.io/JOURNAL_NATIVE_PROTOCOL/

#include <string>
#include <vector>

#include "base/datagram_sender.hpp"
#include "base/lines_log.hpp"

namespace blobmount {

inline constexpr auto journal_socket = "/run/systemd/journal/socket";

/// "NAME=value" each: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, BLOBMOUNT_EVENT, and BLOBMOUNT_ with the name of
/// each field in capitals.
std::vector<std::string> journal_entry(const LogEvent& event);

/// The same as the journal takes it.
std::string journal_datagram(const LogEvent& event);

/// Whether there is a journal to write to.
bool has_journal();

/// Whether the journal takes what is written to `descriptor`, by what systemd.exec(5) says in `stream`, the
/// variable JOURNAL_STREAM. Null: it was not said.
bool is_journal_stream(int descriptor, const char* stream);

class JournalLog final : public LeveledLog {
 public:
  using LeveledLog::LeveledLog;

 private:
  [[nodiscard]] bool take(const LogEvent& event) override { return journal_.send(journal_datagram(event)); }

  const DatagramSender journal_{journal_socket};
};

}  // namespace blobmount
