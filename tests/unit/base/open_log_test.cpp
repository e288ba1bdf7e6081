#include "base/open_log.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/journal_log.hpp"
#include "base/syslog.hpp"

namespace blobmount {
namespace {

using testing::AllOf;

/// A daemon's socket, as journald and syslogd have them.
class DatagramSocket {
 public:
  explicit DatagramSocket(const std::filesystem::path& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    std::filesystem::create_directories(path.parent_path());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::system_error(errno, std::system_category(), path);
  }
  ~DatagramSocket() { ::close(socket_); }
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;

  /// Empty: nothing has come.
  [[nodiscard]] std::string next() const {
    std::string text(64U << 10U, '\0');
    const auto size = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  const int socket_;
};

/// Run `test` in a process that has /run and /dev of its own, which are empty: the machine's daemons get
/// nothing. What it returns tells what went wrong; empty: nothing.
template <typename Test>
void on_a_machine_of_its_own(const Test& test) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto child = ::fork();
  if (child == 0) {
    const bool alone = ::unshare(CLONE_NEWNS) == 0 && ::mount("", "/", "", MS_REC | MS_PRIVATE, "") == 0 &&
                       ::mount("tmpfs", "/run", "tmpfs", 0, "") == 0 &&
                       ::mount("tmpfs", "/dev", "tmpfs", 0, "") == 0;
    const std::string said = alone ? test() : std::string("skip");
    (void)!::write(ends[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char byte = 0;
  while (::read(ends[0], &byte, 1) == 1) said += byte;
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  if (said == "skip") GTEST_SKIP() << "no mounts of its own are allowed here";
  EXPECT_EQ(said, "");
}

TEST(OpenLog, InTheForegroundItIsStderr) { EXPECT_EQ(chosen_target({}, true), LogTarget::standard_error); }

TEST(OpenLog, WhatIsAskedForIsTaken) {
  for (const auto target : {LogTarget::journal, LogTarget::syslog, LogTarget::standard_error}) {
    EXPECT_EQ(chosen_target({.target = target}, true), target);
    EXPECT_EQ(chosen_target({.target = target}, false), target);
  }
  EXPECT_EQ(chosen_target({.file = "/var/log/blobmount.log"}, false), LogTarget::file);
}

TEST(OpenLog, InTheBackgroundItIsTheJournalIfThereIsOne) {
  on_a_machine_of_its_own([]() -> std::string {
    if (chosen_target({}, false) != LogTarget::syslog) return "not syslog, where there is no journal";
    const DatagramSocket journal("/run/systemd/journal/socket");
    if (chosen_target({}, false) != LogTarget::journal) return "not the journal";

    open_log({}, false)->warning("operation failed", {{"path", "/a\nb"}});

    const auto entry = journal.next();
    // https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: a value of several lines has its length in front
    const std::string path("BLOBMOUNT_PATH\n\x04\0\0\0\0\0\0\0/a\nb\n", 28);
    for (const auto& part : {std::string("MESSAGE=operation failed path=/a\\x0ab\n"),
                             std::string("PRIORITY=4\n"), std::string("SYSLOG_IDENTIFIER=blobmount\n"),
                             std::string("BLOBMOUNT_EVENT=operation failed\n"), path}) {
      if (entry.find(part) == std::string::npos) return "no '" + part + "' in: " + entry;
    }
    return "";
  });
}

TEST(OpenLog, AJournalThatHasGoneEndsNothing) {
  on_a_machine_of_its_own([]() -> std::string {
    const auto log = log_to_journal(LogLevel::info);
    log->error("one");
    const DatagramSocket journal("/run/systemd/journal/socket");
    log->error("two");
    const auto entry = journal.next();
    return entry.find("MESSAGE=two\n") == std::string::npos ? "got: " + entry : "";
  });
}

TEST(OpenLog, AJournalThatIsStuckHoldsNobodyUpAndLearnsHowMuchItMissed) {
  on_a_machine_of_its_own([]() -> std::string {
    const DatagramSocket journal("/run/systemd/journal/socket");
    const auto log = log_to_journal(LogLevel::info);
    for (int i = 0; i < 10'000; ++i) log->info("one");
    int taken = 0;
    while (!journal.next().empty()) ++taken;

    log->info("two");

    if (journal.next().find("MESSAGE=two\n") == std::string::npos) return "it is not written to any more";
    const auto entry = journal.next();
    const auto count = "BLOBMOUNT_COUNT=" + std::to_string(10'000 - taken) + "\n";
    return entry.find(count) == std::string::npos ? "no " + count + "in: " + entry : "";
  });
}

/// What open_log() says against that; empty: nothing.
std::string refusal_of(LogTarget target, bool foreground) {
  try {
    (void)open_log({.target = target}, foreground);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(OpenLog, APlaceThatNobodyReadsIsRefusedNotReplaced) {
  on_a_machine_of_its_own([]() -> std::string {
    const auto journal = refusal_of(LogTarget::journal, true), syslog = refusal_of(LogTarget::syslog, true);
    if (journal !=
        "log-to is the journal, but systemd has none here: choose another place, or leave log-to out")
      return "of the journal: " + journal;
    if (!syslog.starts_with("log-to is syslog, but there is none here: ")) return "of syslog: " + syslog;
    return refusal_of(LogTarget::automatic, false);
  });
  EXPECT_THAT(refusal_of(LogTarget::standard_error, false), testing::HasSubstr("without --foreground"));
}

TEST(OpenLog, InTheForegroundTheJournalIsChosenWhereItTakesStandardErrorAnyway) {
  on_a_machine_of_its_own([]() -> std::string {
    struct stat ours {};
    ::fstat(STDERR_FILENO, &ours);
    const auto stream = std::to_string(ours.st_dev) + ":" + std::to_string(ours.st_ino);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    if (chosen_target({}, true) != LogTarget::standard_error) return "chosen, though it cannot be reached";
    const DatagramSocket journal(journal_socket);
    if (chosen_target({}, true) != LogTarget::journal) return "not chosen";
    // of a service whose stderr was sent elsewhere
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    return chosen_target({}, true) == LogTarget::standard_error ? "" : "chosen, though stderr goes elsewhere";
  });
}

TEST(OpenLog, SyslogGetsItsLines) {
  on_a_machine_of_its_own([]() -> std::string {
    const DatagramSocket syslogd("/dev/log");
    const auto log = open_log({.target = LogTarget::syslog}, false);
    log->warning("100 %s", {{"path", "/a"}});
    log->debug("below");
    const auto line = syslogd.next();
    // 28: daemon.warning
    if (line.find("<28>") != 0 || line.find("blobmount[") == std::string::npos) return "got: " + line;
    if (line.find("]: 100 %s path=/a") == std::string::npos) return "got: " + line;
    return syslogd.next();
  });
}

TEST(OpenLog, SyslogHasItsOwnTime) {
  ::setenv("TZ", "UTC0", 1);
  const auto moment = std::chrono::system_clock::from_time_t(1'796'176'802);

  const auto message = syslog_message(LogLevel::error, moment, 123, "a % line");

  ::unsetenv("TZ");
  EXPECT_EQ(message, "<27>Dec  2 02:00:02 blobmount[123]: a % line");
}

TEST(OpenLog, StderrInJson) {
  testing::internal::CaptureStderr();

  open_log({.json = true, .lowest = LogLevel::info}, true)->info("mounted", {{"on", "/mnt"}});

  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(testing::StartsWith("{\"time\":\""),
                    testing::EndsWith(",\"level\":\"info\",\"event\":\"mounted\",\"on\":\"/mnt\"}\n")));
}

}  // namespace
}  // namespace blobmount
