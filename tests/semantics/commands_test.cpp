/// `blobmount identity` and `blobmount doctor`: what they say, to people and to programs, and what they never
/// show.

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fakes/role_gate.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Commands : public testing::Test {
 protected:
  /// `blobmount COMMAND PLACE ARGUMENT...`, on the VM, of the account behind the gate.
  [[nodiscard]] Finished blobmount(const std::string& command, const std::string& place,
                                   std::vector<std::string> arguments = {}) const {
    const auto options = by_identity(gate.endpoint(), identity, place);
    arguments.insert(arguments.begin(), {command, options.source});
    auto finished = run(blobmount_command(std::move(arguments), options.environment), 60s);
    EXPECT_TRUE(finished) << command;
    return finished.value_or(Finished{});
  }
  void expect_no_token_in(const Finished& finished) const {
    for (const auto& token : identity.issued()) {
      EXPECT_THAT(finished.output, Not(HasSubstr(token)));
      EXPECT_THAT(finished.error_output, Not(HasSubstr(token)));
    }
  }

  RoleGate gate{account_with_hello().azurite.endpoint(), account_with_hello().azurite.ca_file()};
  IdentityEndpoint identity;
};

using IdentityCommand = Commands;
using Doctor = Commands;

TEST_F(IdentityCommand, SaysWhoWeAreToTheServiceAndNotHowToBeIt) {
  const auto shown = blobmount("identity", "test");

  EXPECT_EQ(shown.status, 0) << shown.output << shown.error_output;
  EXPECT_THAT(shown.output, AllOf(HasSubstr("managed identity (system-assigned)"),
                                  HasSubstr(IdentityEndpoint::system_assigned().client_id),
                                  HasSubstr(IdentityEndpoint::system_assigned().object_id),
                                  HasSubstr("https://storage.azure.com"), HasSubstr("UTC"),
                                  HasSubstr("may list 'devstoreaccount1/test'")));
  ASSERT_EQ(identity.issued().size(), 1U);
  expect_no_token_in(shown);
}

TEST_F(IdentityCommand, SaysWhatWasLookedForBefore) {
  const auto shown = blobmount("identity", "test");

  EXPECT_THAT(shown.output, AllOf(HasSubstr("AZURE_STORAGE_KEY"), HasSubstr("AZURE_FEDERATED_TOKEN_FILE"),
                                  HasSubstr("nothing else is configured")));
}

TEST_F(IdentityCommand, NamesAMissingRole) {
  gate.access().set_role_assigned(false);

  const auto shown = blobmount("identity", "test");

  EXPECT_EQ(shown.status, 1);
  EXPECT_THAT(shown.output, AllOf(HasSubstr("FAILED"), HasSubstr("Storage Blob Data Reader")));
  expect_no_token_in(shown);
}

TEST_F(IdentityCommand, NeedsNoAccount) {
  auto command = blobmount_command({"identity"}, by_identity(gate.endpoint(), identity, "").environment);

  const auto shown = run(command);

  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->status, 0) << shown->output;
  EXPECT_THAT(shown->output, AllOf(HasSubstr("expires"), Not(HasSubstr("access"))));
}

TEST_F(IdentityCommand, IsJsonForPrograms) {
  const auto shown = blobmount("identity", "test", {"--json"});

  const auto json = nlohmann::json::parse(shown.output);
  EXPECT_EQ(json["ok"], true);
  EXPECT_TRUE(
      std::ranges::any_of(json["lines"], [](const auto& line) { return line["subject"] == "tenant"; }));
  expect_no_token_in(shown);
}

TEST_F(IdentityCommand, ReportsASettingThatIsWrong) {
  const auto shown = blobmount("identity", "test", {"--auth", "client-secret", "--json"});

  EXPECT_EQ(shown.status, 1) << shown.error_output;
  const auto json = nlohmann::json::parse(shown.output);
  EXPECT_EQ(json["ok"], false);
  EXPECT_THAT(json["lines"][0]["text"].get<std::string>(), HasSubstr("--tenant-id"));
}

TEST_F(Doctor, FindsAllThatAMountNeedsAndThatItIsThere) {
  const TemporaryDirectory directory;
  const auto mount_point = directory.path() / "mnt";
  std::filesystem::create_directory(mount_point);

  const auto said =
      blobmount("doctor", "test", {mount_point, "--cache-dir", directory.path() / "cache", "--json"});

  EXPECT_EQ(said.status, 0) << said.output << said.error_output;
  const auto json = nlohmann::json::parse(said.output);
  EXPECT_EQ(json["ok"], true);
  std::set<std::string> subjects;
  for (const auto& line : json["lines"]) subjects.insert(line["subject"]);
  for (const auto* subject :
       {"name resolution", "connection", "TLS", "clock", "identity", "role", "container", "listing",
        "reading", "/dev/fuse", "mount point", "mount helper", "mount type", "kernel", "cache directory"})
    EXPECT_TRUE(subjects.contains(subject)) << subject << " in " << said.output;
  expect_no_token_in(said);
}

TEST_F(Doctor, ChangesNothing) {
  const TemporaryDirectory directory;
  const auto cache = directory.path() / "cache";

  const auto said = blobmount("doctor", "test", {"--cache-dir", cache});

  EXPECT_EQ(said.status, 0) << said.output << said.error_output;
  EXPECT_FALSE(std::filesystem::exists(cache)) << "it would belong to whoever asks, not to who mounts";
}

TEST_F(Doctor, GoesOnWithoutAMountPoint) {
  const TemporaryDirectory directory;

  const auto said =
      blobmount("doctor", "test", {directory.path() / "absent", "--cache-dir", directory.path() / "cache"});

  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.output, AllOf(HasSubstr("FAILED  mount point"), HasSubstr("ok      cache directory")));
}

TEST_F(Doctor, OfAMountThatServesFindsAllWell) {
  const TemporaryDirectory directory;
  const auto cache = directory.path() / "cache";
  const Mounted mounted(by_identity(gate.endpoint(), identity, "test").with("--cache-dir", cache));

  const auto said = blobmount("doctor", "test", {mounted.path(), "--cache-dir", cache});

  EXPECT_EQ(said.status, 0) << said.output << said.error_output;
  EXPECT_THAT(said.output, HasSubstr("how it does: blobmount status"));
  EXPECT_THAT(said.output,
              HasSubstr("in use by another blobmount (pid " + std::to_string(mounted.process().pid())));
}

TEST_F(Doctor, OfAMountOfSomethingElseSaysThatItIsInTheWay) {
  const Mounted mounted(by_identity(gate.endpoint(), identity, ""));

  const auto said = blobmount("doctor", "test", {mounted.path()});

  EXPECT_EQ(said.status, 1) << said.output << said.error_output;
  EXPECT_THAT(said.output, AllOf(HasSubstr("FAILED  mount point"), HasSubstr("mounted there already")));
}

TEST_F(Doctor, SaysWhatIsMissingAndWhatToDo) {
  gate.access().set_role_assigned(false);

  const auto said = blobmount("doctor", "test");

  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.output,
              AllOf(HasSubstr("ok      connection"), HasSubstr("ok      identity"), HasSubstr("FAILED  role"),
                    HasSubstr("Storage Blob Data Reader"), HasSubstr("-       reading"),
                    HasSubstr("/dev/fuse"), HasSubstr("-       cache directory")));
}

TEST_F(Doctor, TellsAMissingContainerFromAMissingRole) {
  const auto said = blobmount("doctor", "nowhere");

  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.output, AllOf(HasSubstr("ok      role"), HasSubstr("FAILED  container")));
}

TEST_F(Doctor, GoesOnWithoutIdentityAndSaysSo) {
  identity.fail_with(400);

  const auto said = blobmount("doctor", "test");

  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.output,
              AllOf(HasSubstr("FAILED  identity"), HasSubstr("-       role"), HasSubstr("/dev/fuse")));
}

TEST_F(Doctor, GoesOnWhereASettingOfIdentityIsWrong) {
  const auto said = blobmount("doctor", "test", {"--sas-file", "/no/such/file", "--json"});

  EXPECT_EQ(said.status, 1) << said.error_output;
  std::map<std::string, nlohmann::json> by_subject;
  const auto report = nlohmann::json::parse(said.output);
  for (const auto& line : report["lines"]) by_subject[line["subject"]] = line;
  EXPECT_EQ(by_subject["connection"]["finding"], "ok") << said.output;
  EXPECT_EQ(by_subject["identity"]["finding"], "failed");
  EXPECT_THAT(by_subject["identity"]["text"].get<std::string>(), HasSubstr("/no/such/file"));
  EXPECT_EQ(by_subject["reading"]["finding"], "skipped");
  EXPECT_TRUE(by_subject.contains("/dev/fuse"));
}

TEST_F(Doctor, WithoutAServerSaysThatNobodyAnswers) {
  const auto options =
      by_identity({.scheme = "http", .host = "127.0.0.1", .port = 1, .path = "/account"}, identity, "test");

  const auto said = run(blobmount_command({"doctor", options.source}, options.environment), 60s);

  ASSERT_TRUE(said);
  EXPECT_EQ(said->status, 1);
  EXPECT_THAT(said->output,
              AllOf(HasSubstr("FAILED  connection"), HasSubstr("-       TLS"), HasSubstr("/dev/fuse")));
}

}  // namespace
}  // namespace blobmount::tests
