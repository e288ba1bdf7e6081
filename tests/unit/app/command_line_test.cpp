#include "app/command_line.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto key_variable = "AZURE_STORAGE_KEY";
constexpr std::uint64_t mib = 1ULL << 20U, gib = 1ULL << 30U;

class CommandLine : public testing::Test {
 protected:
  void SetUp() override { unsetenv(key_variable); }
  void TearDown() override {
    unsetenv(key_variable);
    unsetenv("AZURE_STORAGE_CONNECTION_STRING");
  }

  static Result<Order> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "blobmount");
    arguments.push_back(nullptr);
    return parse_command_line(static_cast<int>(arguments.size()) - 1, arguments.data());
  }
  /// The Config of a good command line with these options; the test fails where it is none.
  static Config config_of(std::vector<const char*> options) {
    options.insert(options.end(), {"account/docs", "/mnt/docs"});
    auto parsed = parse(options);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? std::get<MountCommand>(*std::move(parsed)).config : Config{};
  }
  static ManagedIdentity identity_of(const Config& config) {
    if (const auto* const automatic = std::get_if<AutomaticIdentity>(&config.credential))
      return automatic->identity;
    const auto* const identity = std::get_if<ManagedIdentity>(&config.credential);
    EXPECT_NE(identity, nullptr);
    return identity != nullptr ? *identity : ManagedIdentity{};
  }
  static std::string key_of(const Config& config) {
    const auto* const key = std::get_if<SharedKey>(&config.credential);
    EXPECT_NE(key, nullptr);
    return key != nullptr ? std::string(key->key.reveal()) : "";
  }
  static void expect_refused(const std::vector<const char*>& arguments, const char* reason) {
    const auto parsed = parse(arguments);
    ASSERT_FALSE(parsed) << reason;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr(reason));
    EXPECT_EQ(parsed.error().message.find('\n'), std::string::npos) << parsed.error().message;
  }
  std::string file_with(const std::string& text) {
    const auto path = directory_.path() / "key";
    std::ofstream(path) << text;
    return path;
  }

  tests::TemporaryDirectory directory_;
};

TEST_F(CommandLine, NeedsASourceAndAMountPointAndNoMore) {
  const auto config = config_of({});

  EXPECT_EQ(config.source.account, "account");
  EXPECT_EQ(config.source.container, "docs");
  EXPECT_EQ(config.mount_point, "/mnt/docs");
  EXPECT_EQ(identity_of(config).kind, ManagedIdentity::Kind::system_assigned);
  EXPECT_EQ(config.appearance.uid, getuid());
  EXPECT_EQ(config.appearance.gid, getgid());
  EXPECT_EQ(config.appearance.file_mode, 0644U);
  EXPECT_EQ(config.appearance.dir_mode, 0755U);
  EXPECT_EQ(config.tree.attr_ttl, 1s);
  EXPECT_EQ(config.tree.consistency.kind, Consistency::Kind::close_to_open);
  EXPECT_TRUE(config.tree.containers.empty());
  EXPECT_EQ(config.cache.memory, 0U);
  EXPECT_EQ(config.cache.directory, "");
  EXPECT_EQ(config.cache.directory_size, 10 * gib);
  EXPECT_EQ(config.cache.directory_free_space, gib);
  EXPECT_EQ(config.network.stall_timeout, 10s);
  EXPECT_EQ(config.network.retry_timeout, 60s);
  EXPECT_TRUE(config.check);
  EXPECT_FALSE(config.foreground);
  EXPECT_FALSE(config.allow_other);
  EXPECT_EQ(config.log.lowest, LogLevel::info);
  EXPECT_EQ(config.ca_file, "");
  EXPECT_EQ(config.log.file, "");
}

TEST_F(CommandLine, TakesEachOption) {
  EXPECT_TRUE(config_of({"-f"}).foreground);
  EXPECT_TRUE(config_of({"--foreground"}).foreground);
  EXPECT_FALSE(config_of({"--no-check"}).check);
  EXPECT_EQ(config_of({"--uid", "1000"}).appearance.uid, 1000U);
  EXPECT_EQ(config_of({"--gid=1001"}).appearance.gid, 1001U);
  EXPECT_EQ(config_of({"--file-mode", "600"}).appearance.file_mode, 0600U);
  EXPECT_EQ(config_of({"--dir-mode", "0700"}).appearance.dir_mode, 0700U);
  EXPECT_TRUE(config_of({"--allow-other"}).allow_other);
  EXPECT_EQ(config_of({"--attr-ttl", "0"}).tree.attr_ttl, 0s);
  EXPECT_EQ(config_of({"--attr-ttl", "2.5"}).tree.attr_ttl, 2500ms);
  EXPECT_EQ(config_of({"--memory", "256MiB"}).cache.memory, 256 * mib);
  EXPECT_EQ(config_of({"--cache-dir", "/var/cache/x"}).cache.directory, "/var/cache/x");
  EXPECT_EQ(config_of({"--cache-size", "2GiB"}).cache.directory_size, 2 * gib);
  EXPECT_EQ(config_of({"--cache-free-space", "512MiB"}).cache.directory_free_space, 512 * mib);
  EXPECT_EQ(config_of({"--stall-timeout", "0.5"}).network.stall_timeout, 500ms);
  EXPECT_EQ(config_of({"--retry-timeout", "0"}).network.retry_timeout, 0s);
  EXPECT_EQ(config_of({"--retry-timeout=300"}).network.retry_timeout, 5min);
  EXPECT_EQ(config_of({"--ca-file", "/etc/ca.pem"}).ca_file, "/etc/ca.pem");
  EXPECT_EQ(config_of({"--log-file", "/var/log/x"}).log.file, "/var/log/x");
  EXPECT_EQ(config_of({"--debug"}).log.lowest, LogLevel::debug);
}

TEST_F(CommandLine, SizesAreBytesOrHaveUnits) {
  EXPECT_EQ(config_of({"--memory", "67108864"}).cache.memory, 64 * mib);
  EXPECT_EQ(config_of({"--memory", "65536KiB"}).cache.memory, 64 * mib);
  EXPECT_EQ(config_of({"--memory", "64 MiB"}).cache.memory, 64 * mib);
  EXPECT_EQ(config_of({"--memory", "1tib"}).cache.memory, 1024 * gib);
  EXPECT_EQ(config_of({"--cache-size", "0"}).cache.directory_size, 0U);
  EXPECT_EQ(config_of({"--cache-free-space", "0"}).cache.directory_free_space, 0U);
}

TEST_F(CommandLine, WrongSizesAreRefused) {
  for (const auto* option : {"--memory", "--cache-size", "--cache-free-space"}) {
    for (const auto* size : {"", "much", "-1GiB", "1.5GiB", "1XiB", "20000000TiB", "nan"})
      expect_refused({option, size, "account", "/mnt"}, option);
  }
}

TEST_F(CommandLine, SizesThatAreNegativeTooLargeOrWithoutANumberAreRefused) {
  for (const auto* option : {"--memory", "--cache-size", "--cache-free-space"}) {
    for (const auto* size : {"-1", "99999999999999999999", "GiB"})
      expect_refused({option, size, "account", "/mnt"}, option);
  }
}

TEST_F(CommandLine, MemoryThatFewReadersWouldUseUpIsRefused) {
  for (const auto* size : {"0", "63MiB", "67108863", "2TiB"})
    expect_refused({"--memory", size, "account", "/mnt"}, "--memory");
}

TEST_F(CommandLine, TakesAConsistency) {
  using Kind = Consistency::Kind;
  EXPECT_EQ(config_of({"--consistency", "close-to-open"}).tree.consistency.kind, Kind::close_to_open);
  EXPECT_EQ(config_of({"--consistency", "immutable"}).tree.consistency.kind, Kind::immutable);
  const auto cached = config_of({"--consistency=cached:2h"}).tree.consistency;
  EXPECT_EQ(cached.kind, Kind::cached);
  EXPECT_EQ(cached.age, 2h);

  for (const auto* mode : {"", "fresh", "cached", "cached:0"})
    expect_refused({"--consistency", mode, "account", "/mnt"}, "--consistency");
}

TEST_F(CommandLine, TakesContainersOfAnAccount) {
  const auto parsed =
      parse({"--containers", "logs-*,data", "--containers=[ab]", "account", "/mnt", "--containers", "[x]"});

  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(std::get<MountCommand>(*parsed).config.tree.containers,
              ElementsAre("logs-*", "data", "[ab]", "[x]"));
  expect_refused({"--containers", "", "account", "/mnt"}, "--containers");
  expect_refused({"--containers", "log[s", "account", "/mnt"}, "'log[s': a '[' is not closed");
}

TEST_F(CommandLine, ContainersAreNotChosenInAContainer) {
  expect_refused({"--containers", "logs-*", "account/docs", "/mnt"},
                 "--containers chooses among the containers of an account, but 'account/docs' names one");
  expect_refused({"--containers", "x", "https://account.blob.core.windows.net/docs/a", "/mnt"},
                 "leave out one");
}

TEST_F(CommandLine, RefreshTakesPaths) {
  const auto one = parse({"refresh", "/mnt/docs/a"});
  const auto more = parse({"refresh", "a", "b c", "--", "-f"});

  ASSERT_TRUE(one && more);
  EXPECT_THAT(std::get<RefreshCommand>(*one).paths, ElementsAre("/mnt/docs/a"));
  EXPECT_THAT(std::get<RefreshCommand>(*more).paths, ElementsAre("a", "b c", "-f"));
}

TEST_F(CommandLine, RefreshSaysWhatItTakes) {
  const auto help = parse({"refresh", "--help"});

  ASSERT_TRUE(help);
  EXPECT_THAT(std::get<Information>(*help).text, HasSubstr("blobmount refresh [OPTIONS] PATH"));
  expect_refused({"refresh"}, "PATH");
  expect_refused({"refresh", ""}, "must not be empty");
  expect_refused({"refresh", "--all", "/mnt"}, "blobmount refresh --help shows");
}

TEST_F(CommandLine, WarmTakesPathsAndAWishForJson) {
  const auto parsed = parse({"warm", "a", "--json", "b c"});
  const auto help = parse({"warm", "--help"});

  ASSERT_TRUE(parsed && help);
  EXPECT_THAT(std::get<WarmCommand>(*parsed).paths, ElementsAre("a", "b c"));
  EXPECT_TRUE(std::get<WarmCommand>(*parsed).json);
  EXPECT_THAT(std::get<Information>(*help).text, HasSubstr("blobmount warm [OPTIONS] PATH"));
  expect_refused({"warm"}, "PATH");
  expect_refused({"warm", ""}, "must not be empty");
}

TEST_F(CommandLine, AnAccountCalledRefreshIsMountedByAnotherName) {
  for (const auto* source : {"https://refresh.blob.core.windows.net", "refresh/docs"}) {
    const auto parsed = parse({source, "/mnt"});
    ASSERT_TRUE(parsed) << source;
    EXPECT_EQ(std::get<MountCommand>(*parsed).config.source.account, "refresh");
  }
  EXPECT_EQ(std::get<MountCommand>(*parse({"--foreground", "refresh", "/mnt"})).config.source.account,
            "refresh");
  expect_refused({"./refresh", "/mnt"}, "'.' is not the name of a storage account");
}

TEST_F(CommandLine, AnEmptyCacheDirectoryIsNotTakenForNone) {
  expect_refused({"--cache-dir", "", "account", "/mnt"}, "must not be empty");
}

TEST_F(CommandLine, TakesEachIdentity) {
  using Kind = ManagedIdentity::Kind;
  const auto by_client = identity_of(config_of({"--client-id", "c1"}));
  const auto by_object = identity_of(config_of({"--object-id", "o1"}));
  const auto by_resource = identity_of(config_of({"--resource-id", "/subscriptions/s/x"}));

  EXPECT_EQ(by_client.kind, Kind::client_id);
  EXPECT_EQ(by_client.id, "c1");
  EXPECT_EQ(by_object.kind, Kind::object_id);
  EXPECT_EQ(by_object.id, "o1");
  EXPECT_EQ(by_resource.kind, Kind::resource_id);
  EXPECT_EQ(by_resource.id, "/subscriptions/s/x");
}

TEST_F(CommandLine, TakesOneIdentityOnly) {
  expect_refused({"--client-id", "c1", "--object-id", "o1", "account", "/mnt"}, "--client-id");
  expect_refused({"--client-id", "c1", "--account-key-file", "/k", "account", "/mnt"}, "--client-id");
}

TEST_F(CommandLine, DoesNotTakeAnEmptyIdentityForTheDefault) {
  for (const auto* option : {"--client-id", "--object-id", "--resource-id", "--account-key-file"})
    expect_refused({option, "", "account", "/mnt"}, "must not be empty");
}

TEST_F(CommandLine, PathsAreStillRightInAnotherWorkingDirectory) {
  const auto here = std::filesystem::current_path();

  const auto parsed =
      parse({"--ca-file", "ca.pem", "--log-file=log", "--cache-dir", "cache", "account", "mnt"});

  ASSERT_TRUE(parsed);
  const auto& config = std::get<MountCommand>(*parsed).config;
  EXPECT_EQ(config.mount_point, here / "mnt");
  EXPECT_EQ(config.ca_file, here / "ca.pem");
  EXPECT_EQ(config.log.file, here / "log");
  EXPECT_EQ(config.cache.directory, here / "cache");
}

TEST_F(CommandLine, AMountPointBehindASymbolicLinkIsThatOfTheKernel) {
  std::filesystem::create_directories(directory_.path() / "far/away/mnt");
  std::filesystem::create_directory_symlink(directory_.path() / "far/away/mnt", directory_.path() / "link");
  const auto written = (directory_.path() / "link/../mnt").string();

  const auto parsed = parse({"account", written.c_str()});

  ASSERT_TRUE(parsed);
  EXPECT_TRUE(std::filesystem::equivalent(std::get<MountCommand>(*parsed).config.mount_point,
                                          directory_.path() / "far/away/mnt"));
}

TEST_F(CommandLine, WhatIsMissingIsNamed) {
  expect_refused({}, "SOURCE");
  expect_refused({"account"}, "MOUNTPOINT");
  expect_refused({"account", ""}, "must not be empty");
}

TEST_F(CommandLine, WhatIsUnknownIsNamed) {
  expect_refused({"--bogus", "account", "/mnt"}, "--bogus");
  expect_refused({"account", "/mnt", "more"}, "more");
  expect_refused({"account", "/mnt", "--uid"}, "--uid");
}

TEST_F(CommandLine, WrongValuesAreRefused) {
  expect_refused({"Bad Account", "/mnt"}, "Bad Account");
  for (const auto* mode : {"", "8", "01000", "rwx", "644x", "-1"}) {
    expect_refused({"--file-mode", mode, "account", "/mnt"}, "--file-mode");
    expect_refused({"--dir-mode", mode, "account", "/mnt"}, "--dir-mode");
  }
  for (const auto* ttl : {"-1", "86401", "soon", "nan"})
    expect_refused({"--attr-ttl", ttl, "account", "/mnt"}, "--attr-ttl");
  for (const auto* time : {"0", "-1", "3601", "soon", "nan", "1e2"})
    expect_refused({"--stall-timeout", time, "account", "/mnt"}, "--stall-timeout");
  for (const auto* time : {"-1", "86401", "soon", "inf", ""})
    expect_refused({"--retry-timeout", time, "account", "/mnt"}, "--retry-timeout");
  expect_refused({"--uid", "nobody", "account", "/mnt"}, "--uid");
}

TEST_F(CommandLine, HelpAndVersionAreTextsToBePrinted) {
  const auto help = parse({"--help"});
  const auto version = parse({"--version"});

  ASSERT_TRUE(help && version);
  EXPECT_THAT(std::get<Information>(*help).text, HasSubstr("MOUNTPOINT"));
  EXPECT_THAT(std::get<Information>(*help).text, HasSubstr("blobmount refresh PATH..."));
  EXPECT_THAT(std::get<Information>(*version).text, testing::MatchesRegex("blobmount [0-9.]+\n"));
}

TEST_F(CommandLine, AKeyFileThatCannotHoldAKeyIsRefused) {
  expect_refused({"--account-key-file", "/no/such/file", "account", "/mnt"}, "'/no/such/file'");
  expect_refused({"--account-key-file", file_with("").c_str(), "account", "/mnt"}, "empty");
  expect_refused({"--account-key-file", file_with(std::string(20'000, 'x')).c_str(), "account", "/mnt"},
                 "more than 16 KiB");
  expect_refused({"--account-key-file", directory_.path().c_str(), "account", "/mnt"}, "not a regular file");
}

TEST_F(CommandLine, AKeyInTheEnvironmentIsTakenOutOfIt) {
  setenv(key_variable, "c2VjcmV0\n", 1);

  EXPECT_EQ(key_of(config_of({})), "c2VjcmV0");

  EXPECT_EQ(std::getenv(key_variable), nullptr);
}

TEST_F(CommandLine, AKeyInTheEnvironmentGivesWayToAnOptionAndIsTakenOutAllTheSame) {
  setenv(key_variable, "c2VjcmV0", 1);

  EXPECT_EQ(identity_of(config_of({"--client-id", "c1"})).id, "c1");

  EXPECT_EQ(std::getenv(key_variable), nullptr);
}

TEST_F(CommandLine, ATakenKeyIsNotLeftInTheMemoryOfTheEnvironment) {
  setenv(key_variable, "c2VjcmV0", 1);
  const char* const left = std::getenv(key_variable);

  EXPECT_EQ(key_of(config_of({})), "c2VjcmV0");

  EXPECT_STREQ(left, "");
}

TEST_F(CommandLine, TheSecretsOfIdentityEndpointsAreTakenOutOfTheEnvironmentToo) {
  setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/", 1);
  setenv("IDENTITY_HEADER", "header", 1);
  setenv("MSI_SECRET", "secret", 1);
  const char* const left = std::getenv("IDENTITY_HEADER");

  const auto environment = config_of({}).identity_environment;

  EXPECT_EQ(environment.identity_endpoint, "http://127.0.0.1:1/");
  EXPECT_EQ(environment.identity_header.reveal(), "header");
  EXPECT_EQ(environment.msi_secret.reveal(), "secret");
  EXPECT_EQ(std::getenv("IDENTITY_HEADER"), nullptr);
  EXPECT_EQ(std::getenv("MSI_SECRET"), nullptr);
  EXPECT_STREQ(left, "");
  unsetenv("IDENTITY_ENDPOINT");
}

TEST_F(CommandLine, AnEmptyVariableIsNoKey) {
  setenv(key_variable, "", 1);

  EXPECT_EQ(identity_of(config_of({})).kind, ManagedIdentity::Kind::system_assigned);
}

TEST_F(CommandLine, IdentityNeedsNoAccountAndTakesCredentialOptions) {
  const auto parsed = parse({"identity", "--client-id", "c1", "--json"});

  ASSERT_TRUE(parsed);
  const auto* const command = std::get_if<IdentityCommand>(&*parsed);
  ASSERT_NE(command, nullptr);
  EXPECT_TRUE(command->json);
  EXPECT_EQ(command->given.config.source.account, "");
  EXPECT_EQ(identity_of(command->given.config).id, "c1");
}

TEST_F(CommandLine, DoctorTakesASourceAndMaybeAMountPoint) {
  const auto parsed = parse({"doctor", "account/docs", "/mnt/x", "--cache-dir", "/var/cache/x"});

  ASSERT_TRUE(parsed);
  const auto* const command = std::get_if<DoctorCommand>(&*parsed);
  ASSERT_NE(command, nullptr);
  EXPECT_FALSE(command->json);
  EXPECT_EQ(command->given.config.source.container, "docs");
  EXPECT_EQ(command->given.config.mount_point, "/mnt/x");
  EXPECT_EQ(command->given.config.cache.directory, "/var/cache/x");
  expect_refused({"doctor"}, "SOURCE");
}

TEST_F(CommandLine, WhoReportsGoesOnWithoutACredential) {
  const auto doctor = parse({"doctor", "account/docs", "--sas-file", "/no/such/file"});
  const auto identity = parse({"identity", "--auth", "client-secret"});

  ASSERT_TRUE(doctor && identity);
  const auto& given = std::get<DoctorCommand>(*doctor).given;
  ASSERT_FALSE(given.credential);
  EXPECT_THAT(given.credential.error().message, HasSubstr("/no/such/file"));
  EXPECT_EQ(given.config.source.container, "docs") << "what is tried without";
  EXPECT_FALSE(std::get<IdentityCommand>(*identity).given.credential);
}

TEST_F(CommandLine, TheMountHelperDoesNotRepeatASecretThatWasTyped) {
  for (const auto* typed : {"--account-key=c2VjcmV0", "sv=1&sig=c2VjcmV0", "--sas=c2VjcmV0"}) {
    std::vector<const char*> arguments{"mount.blobmount", "account", "/mnt", typed, nullptr};
    const auto parsed = parse_command_line(4, arguments.data());

    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, testing::Not(HasSubstr("c2VjcmV0")));
    EXPECT_EQ(parsed.error().message.find('\n'), std::string::npos);
  }
}

TEST_F(CommandLine, ASecretThatWasTypedIsNotRepeated) {
  for (const auto* typed : {"--account-key=c2VjcmV0", "--sas=c2VjcmV0"}) {
    const auto parsed = parse({typed, "account", "/mnt"});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, testing::Not(HasSubstr("c2VjcmV0")));
    EXPECT_THAT(parsed.error().message, HasSubstr("there is no such option: --"));
  }
  expect_refused({"account", "/mnt", "c2VjcmV0"}, "more arguments than expected");
  expect_refused({"https://a.blob.core.windows.net/c?sv=1&sig=2", "/mnt"}, "--sas-file");
}

TEST_F(CommandLine, TheCloudGivesTheEndpointOfAName) {
  EXPECT_EQ(config_of({"--cloud", "china"}).source.endpoint.host, "account.blob.core.chinacloudapi.cn");
  EXPECT_EQ(config_of({"--endpoint-suffix", "storage.local"}).source.endpoint.host,
            "account.blob.storage.local");
}

TEST_F(CommandLine, AConnectionStringOfAnotherAccountIsRefused) {
  const auto expect_refused_for = [](const std::vector<const char*>& arguments, const char* reason) {
    setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=other;AccountKey=a2V5",
           1);  // is taken away once read
    expect_refused(arguments, reason);
  };
  expect_refused_for({"account", "/mnt"}, "is for the account 'other', not for 'account'");
  expect_refused_for({"https://account.blob.core.windows.net/docs", "/mnt"}, "is for the account 'other'");
  expect_refused_for({"--endpoint-suffix", "storage.local", "account", "/mnt"}, "is for the account 'other'");
}

TEST_F(CommandLine, ACustomDomainStandsForTheAccountOfTheConnectionString) {
  setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=other;AccountKey=a2V5", 1);

  const auto parsed = parse({"https://data.contoso.example/docs", "/mnt"});

  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto& source = std::get<MountCommand>(*parsed).config.source;
  EXPECT_EQ(source.account, "other");
  EXPECT_EQ(source.endpoint.host, "data.contoso.example");
}

TEST_F(CommandLine, ACustomDomainStandsForTheAccountThatIsNamed) {
  const auto key = file_with("a2V5");

  const auto parsed = parse({"https://data.contoso.example/docs", "/mnt", "--account-key-file", key.c_str(),
                             "--account-name", "other"});

  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(std::get<MountCommand>(*parsed).config.source.account, "other");
  expect_refused({"account", "/mnt", "--account-key-file", key.c_str(), "--account-name", "other"},
                 "--account-name is for the account 'other', not for 'account'");
  expect_refused({"account", "/mnt", "--account-name", "account"}, "--account-name");
}

}  // namespace
}  // namespace blobmount
