/// Wherever Azure code runs, its host's identity reads: through the real binary, from Azurite.

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include "auth/arc_key_file.hpp"
#include "fakes/app_service_endpoint.hpp"
#include "fakes/arc_agent.hpp"
#include "fakes/cloud_shell_endpoint.hpp"
#include "fakes/http_server.hpp"
#include "fakes/machine_learning_endpoint.hpp"
#include "fakes/service_fabric_endpoint.hpp"
#include "support/files.hpp"
#include "support/refusal.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Environment = std::map<std::string, std::string>;

const FakeIdentity reader{.client_id = "11111111-0000-0000-0000-000000000001",
                          .object_id = "22222222-0000-0000-0000-000000000001",
                          .resource_id = "/subscriptions/s/resourceGroups/g/providers/i/reader"};

/// A mount by a program that finds this environment, and nothing else that could sign it in.
MountOptions on_host(Environment environment) {
  auto options = account_with_hello().mount("test");
  // a metadata endpoint where nobody listens: no other host may be asked
  options.environment = {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1"}};
  options.environment.merge(std::move(environment));
  return options;
}

void expect_read(const MountOptions& options, TokenIssuer& issuer, const FakeIdentity& identity) {
  const Mounted mounted(options);

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  ASSERT_FALSE(issuer.issued().empty());
  EXPECT_EQ(issuer.issued().back().identity, identity);
  EXPECT_EQ(issuer.issued().back().resource, "https://storage.azure.com/");
}

/// What `blobmount identity` says there.
std::string identity_on_host(Environment environment, std::vector<std::string> options = {}) {
  options.insert(options.begin(), "identity");
  const auto shown = run(blobmount_command(std::move(options), std::move(environment)));
  return shown ? shown->output + shown->error_output : "it hangs";
}

/// Where Azure Arc's agent has its keys: in a /var/opt that only this test sees. False where that is not
/// allowed.
bool make_token_directory() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", "/var/opt", "tmpfs", 0, nullptr) == 0 &&
         std::filesystem::create_directories(arc_token_directory);
}

TEST(IdentityOf, AppServiceReads) {
  AppServiceEndpoint host;
  host.issuer().add(reader);

  expect_read(on_host(host.environment()), host.issuer(), IdentityEndpoint::system_assigned());
  for (const auto& [option, id] :
       {std::pair("--client-id", reader.client_id), std::pair("--object-id", reader.object_id),
        std::pair("--resource-id", reader.resource_id)}) {
    expect_read(on_host(host.environment()).with(option, id), host.issuer(), reader);
  }
}

TEST(IdentityOf, ServiceFabricReads) {
  ServiceFabricEndpoint host;

  expect_read(on_host(host.environment()), host.issuer(), IdentityEndpoint::system_assigned());
}

TEST(IdentityOf, MachineLearningReads) {
  MachineLearningEndpoint host;
  host.issuer().add(reader);
  auto with_default = host.environment();
  with_default["DEFAULT_IDENTITY_CLIENT_ID"] = reader.client_id;

  expect_read(on_host(host.environment()), host.issuer(), IdentityEndpoint::system_assigned());
  expect_read(on_host(with_default), host.issuer(), reader);
}

TEST(IdentityOf, CloudShellReads) {
  CloudShellEndpoint host;

  expect_read(on_host(host.environment()), host.issuer(), IdentityEndpoint::system_assigned());
}

TEST(IdentityOf, AzureArcReads) {
  if (!make_token_directory()) GTEST_SKIP() << "only root has a /var/opt of its own";
  ArcAgent host{arc_token_directory};
  host.issuer().add(reader);

  expect_read(on_host(host.environment()), host.issuer(), IdentityEndpoint::system_assigned());
  expect_read(on_host(host.environment()).with("--client-id", reader.client_id), host.issuer(), reader);
}

/// What is said where the metadata endpoint answers so.
std::string refusal_by(int status, const HttpHeaders& headers, const std::string& body) {
  const HttpServer host([&](const ServedRequest&, Reply& reply) { reply.send(status, headers, body); });
  return refusal_of(account_with_hello().mount("test").with_variable("AZURE_POD_IDENTITY_AUTHORITY_HOST",
                                                                     host.url().to_string()));
}

TEST(IdentityOf, AHostThatHasSeveralSaysWhichThereAre) {
  const auto said = refusal_by(
      400, {},
      R"({"error":"invalid_request","error_description":"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request: 11111111-0000-0000-0000-000000000001, 11111111-0000-0000-0000-000000000002"})");

  EXPECT_THAT(said, AllOf(HasSubstr("11111111-0000-0000-0000-000000000001"),
                          HasSubstr("11111111-0000-0000-0000-000000000002"),
                          HasSubstr("name one of them with --client-id")));
}

TEST(IdentityOf, AHostThatIsAWebPageOrPointsElsewhereIsNone) {
  const std::string page = "<html>Sign in to the network</html>";

  EXPECT_THAT(refusal_by(200, {}, page), AllOf(HasSubstr("not usable"), Not(HasSubstr("<html>"))));
  EXPECT_THAT(refusal_by(302, {{"Location", "http://127.0.0.1:9/"}}, ""), HasSubstr("points elsewhere"));
  EXPECT_THAT(refusal_by(200, {}, std::string(2U << 20U, 'x')), HasSubstr("longer than"));
}

TEST(IdentityOf, AHostIsShownWithHowItIsKnown) {
  AppServiceEndpoint host;

  const auto shown = identity_on_host(host.environment());

  EXPECT_THAT(shown, AllOf(HasSubstr("(App Service: IDENTITY_ENDPOINT and IDENTITY_HEADER are set)"),
                           HasSubstr(IdentityEndpoint::system_assigned().object_id),
                           Not(HasSubstr(AppServiceEndpoint::header))));
}

TEST(IdentityOf, AHostThatHasOneOnlyCannotBeChosen) {
  CloudShellEndpoint host;

  const auto shown = identity_on_host(host.environment(), {"--client-id", reader.client_id});

  EXPECT_THAT(shown,
              AllOf(HasSubstr("in Cloud Shell, the identity cannot be chosen"), HasSubstr(reader.client_id)));
}

TEST(IdentityOf, AHostIsNotToldASecretInTheClear) {
  const auto shown = identity_on_host(
      {{"IDENTITY_ENDPOINT", "http://identity.example/token"}, {"IDENTITY_HEADER", "open-sesame"}});

  EXPECT_THAT(shown, AllOf(HasSubstr("IDENTITY_ENDPOINT is 'http://identity.example'"), HasSubstr("https"),
                           Not(HasSubstr("open-sesame"))));
}

TEST(IdentityOf, AHostLeavesItsSecretsInNobodysEnvironment) {
  AppServiceEndpoint host;
  const Mounted mounted(on_host(host.environment()));

  std::ifstream file("/proc/" + std::to_string(mounted.process().pid()) + "/environ");
  const std::string environment{std::istreambuf_iterator<char>(file), {}};

  EXPECT_THAT(environment, Not(HasSubstr(AppServiceEndpoint::header)));
  EXPECT_THAT(mounted.log(), Not(HasSubstr(AppServiceEndpoint::header)));
}

}  // namespace
}  // namespace blobmount::tests
