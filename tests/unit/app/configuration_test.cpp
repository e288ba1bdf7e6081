#include "app/configuration.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "app/configuration_file.hpp"
#include "app/mount_options.hpp"
#include "app/settings_reference.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string message_of(const Error& error) { return error.message; }

class ConfigurationFile : public testing::Test {
 protected:
  Result<GivenValues> read(const std::string& text) {
    std::ofstream(file_) << text;
    return read_configuration_file(file_);
  }
  /// Of a good one.
  GivenValues values(const std::string& text) {
    auto parsed = read(text);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? *std::move(parsed) : GivenValues{};
  }
  void expect_refused(const std::string& text, const std::string& line, const std::string& reason) {
    const auto parsed = read(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, testing::StartsWith(file_ + (line.empty() ? "" : ":" + line) + ": "));
    EXPECT_THAT(parsed.error().message, HasSubstr(reason));
  }

  tests::TemporaryDirectory directory_;
  const std::string file_ = (directory_.path() / "mount.json").string();
};

TEST_F(ConfigurationFile, HasTextsNumbersSwitchesAndLists) {
  const auto given = values(R"({
    // what is mounted
    "source": "account",
    "cache-size": "2GiB", /* of the disk */ "memory": 268435456,
    "attr-ttl": 2.5,
    "allow-other": true,
    "containers": ["logs-*", "data"]
  })");

  EXPECT_EQ(given.at("source").text, "account");
  EXPECT_EQ(given.at("source").origin, file_ + ":3");
  EXPECT_EQ(given.at("cache-size").text, "2GiB");
  EXPECT_EQ(given.at("cache-size").origin, file_ + ":4");
  EXPECT_EQ(given.at("memory").text, "268435456");
  EXPECT_EQ(given.at("attr-ttl").text, "2.5");
  EXPECT_EQ(given.at("allow-other").text, "on");
  EXPECT_EQ(given.at("containers").text, "logs-*,data");
}

TEST_F(ConfigurationFile, PathsBeginAtItsDirectory) {
  const auto given = values(R"({"cache-dir": "cache", "ca-file": "/etc/ca.pem"})");

  EXPECT_EQ(given.at("cache-dir").text, (directory_.path() / "cache").string());
  EXPECT_EQ(given.at("ca-file").text, "/etc/ca.pem");
}

TEST_F(ConfigurationFile, AnUnknownKeyIsRefusedWithItsLineAndTheNearest) {
  expect_refused("{\n\n\"cache-siz\": \"1GiB\"}", "3", "'cache-siz'; is 'cache-size' meant?");
  expect_refused("{\"source\": \"a\",\n \"entirely-else\": 1}", "2", "no setting 'entirely-else'");
}

TEST_F(ConfigurationFile, WhatNoSettingTakesIsRefused) {
  expect_refused("{\n\"memory\": null}", "2", "\"memory\" does not take null");
  expect_refused("{\"memory\": {\"size\": 1}}", "1", "\"memory\" does not take an object");
  expect_refused("{\"memory\": [1]}", "1", "\"memory\" does not take a list");
  expect_refused("{\"containers\": [[\"a\"]]}", "1", "\"containers\" does not take a list");
  expect_refused("{\"memory\": \"\"}", "1", "\"memory\" must not be empty");
  expect_refused("{\"memory\": 1,\n\"memory\": 2}", "2", "\"memory\" is given more than once");
  expect_refused("[1]", "1", "a configuration is an object");
  expect_refused("7", "1", "a configuration is an object");
  expect_refused("null", "1", "a configuration is an object");
}

TEST_F(ConfigurationFile, WhatIsNoJsonIsRefusedWithItsLine) {
  expect_refused("{\n\"memory\": 1\n\"uid\": 2}", "3", "this is not JSON: ");
  expect_refused("", "1", "this is not JSON: ");
  expect_refused("{\"memory\": 1", "1", "this is not JSON: ");
  expect_refused("{\"uid\": 1} more", "1", "this is not JSON: ");
}

TEST_F(ConfigurationFile, WhatWasReadLastIsNotRepeatedForItMayBeASecret) {
  const auto parsed = read("{\"account-key-file\": c2VjcmV0}");

  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, Not(HasSubstr("c2V")));
}

TEST_F(ConfigurationFile, ThatCannotBeReadSaysWhy) {
  const auto absent = read_configuration_file("/no/such/file");
  const auto directory = read_configuration_file(directory_.path());
  const auto large = read("{}" + std::string(2U << 20U, ' '));

  ASSERT_FALSE(absent || directory || large);
  EXPECT_THAT(message_of(absent.error()), HasSubstr("'/no/such/file': No such file"));
  EXPECT_THAT(message_of(directory.error()), EndsWith("it is a directory"));

  const auto pipe = directory_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(message_of(read_configuration_file(pipe).error()), EndsWith("it is no regular file"))
      << "and waits for nobody";
  EXPECT_THAT(message_of(large.error()), EndsWith("more than 1 MiB"));
}

TEST(MountOptionList, HasSettingsAndWhatMountKnows) {
  const auto given =
      parse_mount_options("rw,_netdev,nofail,x-systemd.automount,cache-size=2GiB,allow_other,uid=7,noexec");

  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(given->size(), 4U);
  EXPECT_EQ(given->at("cache-size").text, "2GiB");
  EXPECT_EQ(given->at("cache-size").origin, "-o cache-size");
  EXPECT_EQ(given->at("allow-other").text, "on");
  EXPECT_EQ(given->at("noexec").text, "on");
}

TEST(MountOptionList, CommasInValuesAreQuotedOrEscaped) {
  for (const auto* options : {R"(containers="a,b",uid=1)", R"(containers=a\,b,uid=1)"}) {
    const auto given = parse_mount_options(options);
    ASSERT_TRUE(given) << options;
    EXPECT_EQ(given->at("containers").text, "a,b");
    EXPECT_EQ(given->at("uid").text, "1");
  }
  EXPECT_FALSE(parse_mount_options("containers=\"a,b"));
}

TEST(MountOptionList, TheLastOfTwoWinsAndListsAreJoined) {
  const auto given = parse_mount_options("uid=1,containers=a,memory=1GiB,uid=2,containers=b,uid=3");

  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(given->at("uid").text, "3");
  EXPECT_EQ(given->at("containers").text, "a,b");
  EXPECT_EQ(given->at("memory").text, "1GiB");
}

TEST(MountOptionList, UnknownOnesAreRefusedWithTheNearest) {
  const auto near = parse_mount_options("cach_size=1GiB");
  const auto secret = parse_mount_options("account-key=c2VjcmV0");

  ASSERT_FALSE(near || secret);
  EXPECT_THAT(near.error().message,
              HasSubstr("-o cach_size: there is no setting 'cach-size'; is 'cache-size'"));
  EXPECT_THAT(secret.error().message, Not(HasSubstr("c2VjcmV0")));
  EXPECT_TRUE(parse_mount_options("cach_size=1GiB", true)) << "sloppy";
}

TEST(MountOptionList, WhatNeedsAValueOrCannotBeDoneSaysSo) {
  EXPECT_THAT(message_of(parse_mount_options("cache-size").error()),
              HasSubstr("-o cache-size needs a value: cache-size=SIZE"));
  EXPECT_THAT(message_of(parse_mount_options("remount,uid=1").error()), HasSubstr("mount again"));
  EXPECT_THAT(message_of(parse_mount_options("source=x").error()), HasSubstr("no setting 'source'"));
}

class Configuration : public testing::Test {
 protected:
  ~Configuration() override { unsetenv("BLOBMOUNT_CACHE_SIZE"); }

  const CredentialEnvironment environment_ = CredentialEnvironment::take();
};

TEST_F(Configuration, FlagsWinOverTheEnvironmentAndThatOverTheFile) {
  setenv("BLOBMOUNT_CACHE_SIZE", "2GiB", 1);
  GivenLayers layers{.environment = values_of_environment()};
  layers.command_line["uid"] = {"1", "--uid"};
  layers.file["uid"] = {"2", "file:1"};
  layers.file["cache-size"] = {"3GiB", "file:2"};
  layers.file["gid"] = {"4", "file:3"};

  const auto config = make_config(layers.merged(), environment_);

  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->appearance.uid, 1U);
  EXPECT_EQ(config->cache.directory_size, 2ULL << 30U);
  EXPECT_EQ(config->appearance.gid, 4U);
}

TEST_F(Configuration, AWrongValueIsToldWithWhereItStands) {
  const auto config = make_config({{"memory", {"much", "/etc/x.json:4"}}}, environment_);

  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, testing::StartsWith("/etc/x.json:4: takes a size such as"));
}

TEST_F(Configuration, AFileForTheLogAndAnotherPlaceForItAreRefused) {
  const auto refusal_of = [this](const GivenValues& given) {
    const auto config = make_config(given, environment_);
    return config ? "" : config.error().message;
  };
  const GivenValue to_file{"file", "--log-to"}, file{"/var/log/x", "/etc/x.json:4"};

  EXPECT_THAT(refusal_of({{"log-to", to_file}}), testing::StartsWith("--log-to says file, and no log-file"));
  for (const auto* place : {"journal", "syslog", "stderr"}) {
    EXPECT_EQ(refusal_of({{"log-to", {place, "--log-to"}}, {"log-file", file}}),
              "/etc/x.json:4 names a file, but by --log-to events go elsewhere: leave out one of the two");
    EXPECT_EQ(refusal_of({{"log-to", {place, "--log-to"}}}), "");
  }
  EXPECT_EQ(refusal_of({{"log-to", to_file}, {"log-file", file}}), "");
  EXPECT_EQ(refusal_of({{"log-to", {"automatic", "--log-to"}}, {"log-file", file}}), "");
}

TEST_F(Configuration, ShowsEachSettingWithItsOrigin) {
  const GivenValues given{{"uid", {"7", "--uid"}}, {"auth", {"anonymous", "/etc/x.json:2"}}};
  const auto config = make_config(given, environment_);
  ASSERT_TRUE(config) << config.error().message;

  const auto all = effective_settings(*config, given, environment_);

  ASSERT_EQ(all.size(), settings().size());
  const auto text = text_of(all);
  EXPECT_THAT(text, testing::ContainsRegex("\nuid +7 +--uid\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nauth +anonymous +/etc/x.json:2\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\ncache-size +10GiB +default\n"));
  EXPECT_THAT(json_of(all), HasSubstr("\"origin\": \"--uid\""));
}

TEST(Settings, AreTakenAsTheyAreShown) {
  for (const auto& setting : settings()) {
    if (!setting.set) continue;
    Config config;
    const auto shown = setting.show(config);
    if (shown.empty() || shown == "0") continue;
    ASSERT_TRUE(setting.set(config, shown)) << setting.name;
    EXPECT_EQ(setting.show(config), shown) << setting.name;
  }
}

TEST(Settings, HaveNamesOfTheirOwnASentenceAndEachChoiceIsTaken) {
  std::set<std::string> names;
  for (const auto& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.sentence.empty()) << setting.name;
    EXPECT_FALSE(setting.sentence.ends_with('.')) << setting.name;
    if (!setting.set) continue;
    Config config;
    for (const auto& choice : setting.choices) EXPECT_TRUE(setting.set(config, choice)) << choice;
    if (!setting.choices.empty()) {
      EXPECT_FALSE(setting.set(config, "another")) << setting.name;
    }
  }
}

TEST(Settings, TheNearestIsTheOneThatWasMeant) {
  EXPECT_EQ(nearest_setting("cachesize"), "cache-size");
  EXPECT_EQ(nearest_setting("allow-others"), "allow-other");
  EXPECT_EQ(nearest_setting("stall-time"), "stall-timeout");
  EXPECT_EQ(nearest_setting("x"), "");
}

TEST(SettingsReference, NamesEachSettingInEachFormat) {
  for (const auto* format : {"man", "markdown", "bash", "zsh", "fish", "example"}) {
    auto text = settings_reference(format);
    ASSERT_TRUE(text) << format;
    std::erase(*text, '\\');  // of roff
    for (const auto& setting : settings()) {
      if (setting.is_positional) continue;
      EXPECT_THAT(*text, HasSubstr(setting.name)) << format;
    }
  }
  EXPECT_FALSE(settings_reference("pdf"));
}

TEST(SettingsReference, TheExampleIsAConfiguration) {
  const tests::TemporaryDirectory directory;
  const auto file = (directory.path() / "example.json").string();
  std::ofstream(file) << *settings_reference("example");

  const auto given = read_configuration_file(file);

  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(given->size(), 2U);
}

}  // namespace
}  // namespace blobmount
