#include "app/reload.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/setting_arguments.hpp"
#include "fakes/recording_log.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReloaderTest : public testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(file_) << text; }

  /// Of a mount that was made with this in its file, and these flags.
  Reloader reloader_of(const std::string& text, GivenValues flags = {}) {
    write(text);
    MountCommand command{.given = {.command_line = std::move(flags), .file_name = file_}};
    EXPECT_TRUE(read_file_of(command.given));
    command.config = make_config(command.given.merged(), command.environment).value();
    return {std::move(command), [this](const Config& config) { applied_.push_back(config.log.lowest); },
            log_};
  }

  const tests::TemporaryDirectory directory_;
  const std::string file_ = directory_.path() / "mount.json";
  tests::RecordingLog log_;
  std::vector<LogLevel> applied_;  ///< the level, each time something came into force
};

TEST_F(ReloaderTest, PutsIntoForceWhatCanChangeAndNamesTheRest) {
  auto reloader = reloader_of("{}");

  write(R"({"log-level": "debug", "memory": "1GiB"})");
  const auto outcome = reloader.reload();

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(outcome->changed, ElementsAre("log-level"));
  EXPECT_THAT(outcome->need_remount, ElementsAre("memory"));
  EXPECT_THAT(outcome->hidden, IsEmpty());
  EXPECT_THAT(applied_, ElementsAre(LogLevel::debug));
}

TEST_F(ReloaderTest, NamesAgainWhatStillNeedsARemountAndNotWhatCameIntoForce) {
  auto reloader = reloader_of("{}");
  write(R"({"log-level": "debug", "memory": "1GiB"})");
  ASSERT_TRUE(reloader.reload());

  const auto again = reloader.reload();

  ASSERT_TRUE(again);
  EXPECT_THAT(again->changed, IsEmpty());
  EXPECT_THAT(again->need_remount, ElementsAre("memory"));
  EXPECT_EQ(applied_.size(), 1U);
}

TEST_F(ReloaderTest, NamesWhatTheFileSaysInVainOnceForEachChange) {
  auto reloader = reloader_of(R"({"log-level": "info"})", {{"log-level", {"warning", "--log-level"}}});

  write(R"({"log-level": "debug"})");
  const auto changed = reloader.reload();
  const auto again = reloader.reload();

  ASSERT_TRUE(changed && again);
  EXPECT_THAT(changed->hidden, ElementsAre("log-level"));
  EXPECT_THAT(changed->changed, IsEmpty());
  EXPECT_THAT(again->hidden, IsEmpty());
  EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(ReloaderTest, AMistakeChangesNothing) {
  auto reloader = reloader_of("{}");

  write(R"({"log-level": "debug", "memory": "much"})");
  EXPECT_FALSE(reloader.reload());
  EXPECT_THAT(applied_, IsEmpty());

  write(R"({"log-level": "debug"})");
  EXPECT_THAT(reloader.reload()->changed, ElementsAre("log-level"));
}

TEST_F(ReloaderTest, WhatIsWantedWinsOverFileAndFlags) {
  auto reloader = reloader_of(R"({"rate-limit": "1MiB"})", {{"log-level", {"warning", "--log-level"}}});

  const auto outcome = reloader.reload({{"log-level", "debug"}, {"rate-limit", "2MiB"}});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(outcome->changed, ElementsAre("log-level", "rate-limit"));
  EXPECT_THAT(applied_, ElementsAre(LogLevel::debug));
  EXPECT_THAT(reloader.reload()->changed, IsEmpty()) << "it stays";
}

TEST_F(ReloaderTest, WhatIsWantedIsNotNamedAsHiddenThoughTheFileChangedToo) {
  auto reloader = reloader_of(R"({"log-level": "info"})");

  write(R"({"log-level": "warning"})");
  const auto outcome = reloader.reload({{"log-level", "debug"}});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(outcome->changed, ElementsAre("log-level"));
  EXPECT_THAT(outcome->hidden, IsEmpty());
}

TEST_F(ReloaderTest, NeedsNoneOfTheFilesThatTheCredentialWasMadeOf) {
  const auto key = directory_.path() / "key";
  std::ofstream(key) << "a2V5";
  auto reloader = reloader_of(R"({"account-key-file": ")" + key.string() + R"("})");

  std::filesystem::remove(key);
  const auto outcome = reloader.reload({{"log-level", "debug"}});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(outcome->changed, ElementsAre("log-level"));
  EXPECT_THAT(outcome->need_remount, IsEmpty());
}

TEST_F(ReloaderTest, ACredentialThatCannotBeUsedIsAMistakeWhereItIsAnotherOne) {
  auto reloader = reloader_of("{}");

  write(R"({"account-key-file": "/nowhere/key", "log-level": "debug"})");
  const auto outcome = reloader.reload();

  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("/nowhere/key"));
  EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(ReloaderTest, WhatIsWantedNeedsNoFile) {
  Reloader reloader(
      {}, [this](const Config& config) { applied_.push_back(config.log.lowest); }, log_);

  ASSERT_TRUE(reloader.reload({{"log-level", "debug"}}));

  EXPECT_THAT(applied_, ElementsAre(LogLevel::debug));
}

TEST_F(ReloaderTest, WhatCannotChangeOrIsWrongChangesNothing) {
  auto reloader = reloader_of("{}");
  const auto said_of = [&reloader](const std::map<std::string, std::string>& wanted) {
    const auto outcome = reloader.reload(wanted);
    return outcome ? "it is taken" : outcome.error().message;
  };

  EXPECT_THAT(said_of({{"memory", "1GiB"}}), HasSubstr("'memory' cannot change while it is mounted"));
  EXPECT_THAT(said_of({{"log-level", "loud"}}), HasSubstr("loud"));
  EXPECT_THAT(said_of({{"log-levle", "debug"}}), HasSubstr("log-level")) << "the nearest";
  EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(ReloaderTest, TheLogNamesWhatCameOfIt) {
  auto reloader = reloader_of("{}");

  write(R"({"log-level": "debug", "memory": "1GiB"})");
  ASSERT_TRUE(reloader.reload());

  EXPECT_THAT(log_.lines(), ElementsAre("info settings have changed settings=log-level",
                                        "warning settings need a new mount to change settings=memory"));
}

TEST_F(ReloaderTest, WithoutAFileItSaysSo) {
  Reloader reloader(
      {}, [](const Config&) { FAIL(); }, log_);

  const auto outcome = reloader.reload();

  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("this mount has no configuration file"));
}

}  // namespace
}  // namespace blobmount
