#include "auth/secret_file.hpp"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SecretFile : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return directory_.path() / "secret"; }
  /// Another file takes the name, as those who rotate secrets do it.
  void replace(const std::string& content) const {
    std::ofstream(path() + ".new", std::ios::binary) << content;
    std::filesystem::rename(path() + ".new", path());
  }
  void expect_unreadable(const std::string& file, const char* words) const {
    const auto read = read_secret_file(file);
    ASSERT_FALSE(read) << words;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(read.error().message, HasSubstr(words));
  }

  const tests::TemporaryDirectory directory_;
  tests::ManualClock clock_;
  tests::RecordingLog log_;
};

TEST_F(SecretFile, IsReadWithoutTheSpaceAtItsEnd) {
  replace(" two words \r\n\n");

  const auto read = read_secret_file(path());

  ASSERT_TRUE(read);
  EXPECT_EQ(read->reveal(), " two words");
}

TEST_F(SecretFile, ThatIsNoneSaysWhyAndIsNotWaitedFor) {
  expect_unreadable(path(), "No such file");
  expect_unreadable(directory_.path(), "not a regular file");
  replace(" \n");
  expect_unreadable(path(), "empty");
  replace(std::string((16U << 10U) + 1, 'x'));
  expect_unreadable(path(), "more than 16 KiB");
  ASSERT_EQ(::mkfifo((path() + ".fifo").c_str(), 0600), 0);
  expect_unreadable(path() + ".fifo", "not a regular file");
}

TEST_F(SecretFile, ThatOthersMayReadIsWarnedOf) {
  replace("secret");
  std::filesystem::permissions(path(), std::filesystem::perms(0600));
  EXPECT_FALSE(warn_of_wide_modes(path()));

  std::filesystem::permissions(path(), std::filesystem::perms(0640));

  EXPECT_THAT(warn_of_wide_modes(path()).value_or(""), HasSubstr("chmod 600"));
}

TEST_F(SecretFile, ThatIsWatchedShowsItsNextContentWithinASecond) {
  replace("first");
  const auto file = WatchedSecretFile::open(path(), clock_, log_);
  ASSERT_TRUE(file);

  replace("second");
  EXPECT_EQ((*file)->current().reveal(), "first") << "it is not looked at for each request";
  clock_.advance(1s);

  EXPECT_EQ((*file)->current().reveal(), "second");
}

TEST_F(SecretFile, ThatIsWatchedIsLookedAtAtOnceWhereItsContentWasRefused) {
  replace("first");
  const auto file = WatchedSecretFile::open(path(), clock_, log_);
  ASSERT_TRUE(file);

  replace("second");
  (*file)->refused();

  EXPECT_EQ((*file)->current().reveal(), "second");
}

TEST_F(SecretFile, ThatIsWatchedShowsAContentOfTheSameSizeAndTime) {
  replace("first!");
  const auto file = WatchedSecretFile::open(path(), clock_, log_);
  ASSERT_TRUE(file);
  const auto time = std::filesystem::last_write_time(path());

  std::ofstream(path()) << "second";
  std::filesystem::last_write_time(path(), time);
  clock_.advance(1s);
  if ((*file)->current().reveal() == "first!")
    (*file)->refused();  // both within a tick of the kernel's clock

  EXPECT_EQ((*file)->current().reveal(), "second");
}

TEST_F(SecretFile, ThatIsWatchedAndVanishesServesOnAndIsLoggedOnce) {
  replace("first");
  const auto file = WatchedSecretFile::open(path(), clock_, log_);
  ASSERT_TRUE(file);

  std::filesystem::remove(path());
  for (int i = 0; i < 3; ++i) {
    clock_.advance(2s);
    EXPECT_EQ((*file)->current().reveal(), "first");
  }

  EXPECT_EQ(log_.lines().size(), 1U);
  replace("second");
  clock_.advance(2s);
  EXPECT_EQ((*file)->current().reveal(), "second");
}

TEST_F(SecretFile, ThatIsMissingAtFirstIsNotWatched) {
  EXPECT_FALSE(WatchedSecretFile::open(path(), clock_, log_));
}

}  // namespace
}  // namespace blobmount
