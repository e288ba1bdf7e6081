#include "base/journal_log.hpp"

#include <cstdint>
#include <string_view>

#include <sys/stat.h>

#include "base/syslog_priority.hpp"

namespace blobmount {
namespace {

std::string journal_name(std::string_view field) {
  std::string name = "BLOBMOUNT_";
  for (const char c : field) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

void append_field(std::string& datagram, std::string_view field) {
  const auto equals = field.find('=');
  const auto value = field.substr(equals + 1);
  if (value.find('\n') == std::string_view::npos) {
    datagram.append(field).append("\n");
    return;
  }
  datagram.append(field.substr(0, equals)).append("\n");
  for (int byte = 0; byte < 8; ++byte)
    datagram += static_cast<char>(static_cast<std::uint64_t>(value.size()) >> (8 * byte));
  datagram.append(value).append("\n");
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

std::string journal_datagram(const LogEvent& event) {
  std::string datagram;
  for (const auto& field : journal_entry(event)) append_field(datagram, field);
  return datagram;
}

bool has_journal() { return is_socket(journal_socket); }

bool is_journal_stream(int descriptor, const char* stream) {
  struct stat status {};
  if (stream == nullptr || ::fstat(descriptor, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

}  // namespace blobmount
