#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/open_log.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

class LogFile : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> lines() const { return lines_of(path_); }
  static std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  [[nodiscard]] mode_t mode() const {
    struct stat status {};
    EXPECT_EQ(::stat(path_.c_str(), &status), 0);
    return status.st_mode & 07777;
  }

  tests::TemporaryDirectory directory_;
  const std::string path_ = directory_.path() / "blobmount.log";
};

TEST_F(LogFile, AnEventIsALineWithTimeLevelAndFields) {
  log_to_file(path_, LogLevel::info)->info("token renewed", {{"lifetime_s", 86399}, {"source", "imds"}});

  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0], MatchesRegex("[0-9-]+T[0-9:]+\\.[0-9]+[+-][0-9:]+ info "
                                       "token renewed lifetime_s=86399 source=imds"));
}

TEST_F(LogFile, AnEventIsThereAtOnce) {
  const auto log = log_to_file(path_, LogLevel::debug);

  log->debug("first");

  EXPECT_THAT(lines(), ElementsAre(EndsWith("debug first")));
}

TEST_F(LogFile, LevelsBelowTheLowestAreLeftOut) {
  const auto log = log_to_file(path_, LogLevel::warning);

  log->debug("one");
  log->info("two");
  log->warning("three");
  log->error("four");

  EXPECT_THAT(lines(), ElementsAre(EndsWith("warning three"), EndsWith("error four")));
}

TEST_F(LogFile, SaysWhichLevelsGoAnywhere) {
  const auto log = log_to_file(path_, LogLevel::info);

  EXPECT_FALSE(log->enabled(LogLevel::debug));
  EXPECT_TRUE(log->enabled(LogLevel::info));
  EXPECT_TRUE(log->enabled(LogLevel::error));
}

TEST_F(LogFile, NoNameMakesTwoEventsOfOne) {
  const auto log = log_to_file(path_, LogLevel::info);

  log->info("left\nout", {{"blob", std::string("a\r\nb\x1b[2J\x7f\0c", 11)}});

  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0], EndsWith(R"(left\x0aout blob=a\x0d\x0ab\x1b[2J\x7f\x00c)"));
}

TEST_F(LogFile, NamesOfOtherTonguesAndFormatsStayWhatTheyAre) {
  const auto log = log_to_file(path_, LogLevel::info);

  log->info("left out", {{"blob", "Grüße/日本 {} %s %v"}});

  EXPECT_THAT(lines(), ElementsAre(EndsWith("left out blob=Grüße/日本 {} %s %v")));
}

TEST_F(LogFile, IsForItsOwnerOnly) {
  const auto before = ::umask(0);
  log_to_file(path_, LogLevel::info)->info("first");
  ::umask(before);

  EXPECT_EQ(mode(), 0600U);
}

TEST_F(LogFile, GrowsAtItsEnd) {
  log_to_file(path_, LogLevel::info)->info("first");
  log_to_file(path_, LogLevel::info)->info("second");

  EXPECT_THAT(lines(), ElementsAre(EndsWith("first"), EndsWith("second")));
}

TEST_F(LogFile, WhatCannotBeOpenedIsNamed) {
  const auto absent = (directory_.path() / "absent" / "log").string();

  try {
    (void)log_to_file(absent, LogLevel::info);
    FAIL() << "opened " << absent;
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(), "cannot write to log-file '" + absent + "': No such file or directory");
  }
  EXPECT_THROW((void)log_to_file(directory_.path(), LogLevel::info), std::runtime_error);
}

TEST_F(LogFile, LinesOfManyThreadsDoNotMix) {
  const auto log = log_to_file(path_, LogLevel::info);

  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log] {
      for (int k = 0; k < 100; ++k) log->info("turn", {{"text", std::string(100, 'x')}});
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_THAT(lines(), SizeIs(400));
  EXPECT_THAT(lines(), testing::Each(EndsWith("info turn text=" + std::string(100, 'x'))));
}

TEST_F(LogFile, TheLowestLevelCanBeChangedMeanwhile) {
  const auto log = log_to_file(path_, LogLevel::info);

  log->debug("one");
  log->set_lowest(LogLevel::debug);
  log->debug("two");
  log->set_lowest(LogLevel::error);
  log->warning("three");

  EXPECT_FALSE(log->enabled(LogLevel::warning));
  EXPECT_THAT(lines(), ElementsAre(EndsWith("debug two")));
}

TEST_F(LogFile, WhenItIsMovedAwayANewOneIsMade) {
  const auto log = log_to_file(path_, LogLevel::info);
  log->info("one");

  std::filesystem::rename(path_, path_ + ".1");
  log->info("two");

  EXPECT_THAT(lines(), ElementsAre(EndsWith("two")));
  EXPECT_EQ(mode(), 0600U);
  EXPECT_THAT(lines_of(path_ + ".1"), ElementsAre(EndsWith("one")));
}

TEST_F(LogFile, WhenAnotherStandsInItsPlaceThatIsTaken) {
  const auto log = log_to_file(path_, LogLevel::info);
  log->info("one");

  std::filesystem::rename(path_, path_ + ".1");
  std::ofstream(path_) << "made by logrotate\n";
  log->info("two");

  EXPECT_THAT(lines(), ElementsAre("made by logrotate", EndsWith("two")));
}

TEST_F(LogFile, WhenItIsCutOffItGoesOnAtItsNewEnd) {
  const auto log = log_to_file(path_, LogLevel::info);
  log->info("one");

  std::filesystem::resize_file(path_, 0);
  log->info("two");

  EXPECT_THAT(lines(), ElementsAre(EndsWith("two")));
}

TEST_F(LogFile, WhereNoNewOneCanBeMadeTheOldOneGoesOn) {
  const auto folder = directory_.path() / "logs";
  std::filesystem::create_directory(folder);
  const auto log = log_to_file(folder / "log", LogLevel::info);

  std::filesystem::rename(folder / "log", directory_.path() / "moved");
  std::filesystem::remove(folder);
  log->info("two");

  EXPECT_THAT(lines_of(directory_.path() / "moved"), ElementsAre(EndsWith("two")));
}

TEST(LogFileThatIsFull, EndsNothing) {
  const auto log = log_to_file("/dev/full", LogLevel::info);

  log->error("one");
  log->error("two");
}

TEST(LogToStderr, ShowsEvents) {
  testing::internal::CaptureStderr();

  log_to_stderr(LogLevel::info)->error("cannot mount", {{"reason", "no such host"}});

  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(" error cannot mount reason=no such host\n"));
}

TEST(LogToStderr, LeavesOutWhatIsBelow) {
  testing::internal::CaptureStderr();

  log_to_stderr(LogLevel::info)->debug("request");

  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST(LogField, IntegersOfAllSizesBecomeText) {
  EXPECT_EQ(LogField("n", -1).value, "-1");
  EXPECT_EQ(LogField("n", ~std::uint64_t{0}).value, "18446744073709551615");
}

}  // namespace
}  // namespace blobmount
