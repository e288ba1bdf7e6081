#include "fuse/thread_state.hpp"

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <signal.h>

namespace blobmount {
namespace {

/// PF_EXITING of include/linux/sched.h: set before a process closes its files.
constexpr unsigned long exiting = 0x4;
/// Fields behind the name: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html counts them from 3 on.
constexpr std::size_t state = 0, flags = 6;

std::vector<std::string> fields_behind_the_name(std::string_view stat) {
  // a name may hold blanks and brackets of its own
  const auto end = stat.rfind(')');
  if (end == std::string_view::npos) return {};
  std::istringstream rest{std::string(stat.substr(end + 1))};
  return {std::istream_iterator<std::string>(rest), {}};
}

bool is_gone(pid_t thread) { return ::kill(thread, 0) != 0 && errno == ESRCH; }

}  // namespace

bool says_that_it_ended(std::string_view stat) {
  const auto fields = fields_behind_the_name(stat);
  if (fields.size() <= flags) return false;
  if (fields[state] == "Z" || fields[state] == "X") return true;
  unsigned long set = 0;
  const auto& text = fields[flags];
  std::from_chars(text.data(), text.data() + text.size(), set);
  return (set & exiting) != 0;
}

bool has_ended(pid_t thread) {
  if (thread <= 0) return false;
  // not asked of /proc, which may hide (hidepid) what is of other users
  if (is_gone(thread)) return true;
  std::ifstream file("/proc/" + std::to_string(thread) + "/stat", std::ios::binary);
  std::string stat;
  std::getline(file, stat, '\0');  // of one that goes between open() and read(), an iterator would throw
  return stat.empty() ? is_gone(thread) : says_that_it_ended(stat);
}

}  // namespace blobmount
