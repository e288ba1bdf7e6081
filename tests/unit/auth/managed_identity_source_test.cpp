/// Every source against its host, over a real network: asked as the host wants to be asked, and what is said
/// where the host refuses.

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/app_service_source.hpp"
#include "auth/cloud_shell_source.hpp"
#include "auth/machine_learning_source.hpp"
#include "auth/service_fabric_source.hpp"
#include "base/system_clock.hpp"
#include "fakes/app_service_endpoint.hpp"
#include "fakes/cloud_shell_endpoint.hpp"
#include "fakes/machine_learning_endpoint.hpp"
#include "fakes/service_fabric_endpoint.hpp"
#include "http/curl_transport.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Kind = ManagedIdentity::Kind;

const std::string storage = "https://storage.azure.com/";
const tests::FakeIdentity reader{.client_id = "11111111-0000-0000-0000-000000000001",
                                 .object_id = "22222222-0000-0000-0000-000000000001",
                                 .resource_id = "/subscriptions/s/resourceGroups/g/providers/i/reader"};

class HostIdentity : public testing::Test {
 protected:
  static void expect_token(TokenSource& source, tests::TokenIssuer& issuer,
                           const tests::FakeIdentity& identity, const std::string& resource = storage) {
    const auto token = source.request_token();
    ASSERT_TRUE(token) << token.error().message;
    ASSERT_FALSE(issuer.issued().empty());
    EXPECT_EQ(token->value.reveal(), issuer.issued().back().token);
    EXPECT_EQ(issuer.issued().back().identity, identity);
    EXPECT_EQ(issuer.issued().back().resource, resource);
    EXPECT_GT(token->expires - token->issued, 23h);
  }
  static Error refusal_of(TokenSource& source) {
    const auto token = source.request_token();
    EXPECT_FALSE(token);
    return token ? Error{} : token.error();
  }

  SystemClock clock_;
  CurlTransport network_{1, ""};
};

class AppService : public HostIdentity {
 protected:
  AppServiceSource source(ManagedIdentity identity = {},
                          std::string header = tests::AppServiceEndpoint::header) {
    return {network_, clock_, std::move(identity), storage, host_.url(), Secret(std::move(header))};
  }
  tests::AppServiceEndpoint host_;
};

TEST_F(AppService, GivesTheSystemAssignedIdentityUnlessOneIsNamed) {
  auto by_default = source();

  expect_token(by_default, host_.issuer(), tests::IdentityEndpoint::system_assigned());
}

TEST_F(AppService, KnowsAnIdentityByEachOfItsNames) {
  host_.issuer().add(reader);

  for (const auto& identity : {ManagedIdentity{Kind::client_id, reader.client_id},
                               ManagedIdentity{Kind::object_id, reader.object_id},
                               ManagedIdentity{Kind::resource_id, reader.resource_id}}) {
    auto named = source(identity);
    expect_token(named, host_.issuer(), reader);
  }
}

TEST_F(AppService, SaysWhatIsWrongInItsOwnWords) {
  host_.issuer().remove(tests::IdentityEndpoint::system_assigned());
  auto none = source();

  const auto error = refusal_of(none);

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_THAT(error.message, AllOf(HasSubstr("No User Assigned or Delegated Managed Identity found"),
                                   HasSubstr("assign a managed identity to this app")));
}

TEST_F(AppService, RefusesAWrongHeaderWhichIsNotShown) {
  auto stranger = source({}, "open-sesame");

  const auto error = refusal_of(stranger);

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_THAT(error.message, AllOf(HasSubstr("401"), Not(HasSubstr("open-sesame"))));
}

TEST_F(AppService, FollowsTheServiceToAnotherResource) {
  auto moved = source();

  EXPECT_EQ(moved.adapt({}), std::nullopt);
  EXPECT_EQ(moved.adapt({.resource = "https://storage.azure.com"}), std::nullopt);
  EXPECT_EQ(moved.adapt({.tenant = "another"}), std::nullopt) << "the tenant is the host's";
  const auto sentence = moved.adapt({.resource = "https://storage.example"});

  ASSERT_TRUE(sentence);
  EXPECT_THAT(*sentence, AllOf(HasSubstr("https://storage.example"), HasSubstr(storage)));
  EXPECT_EQ(moved.adapt({.resource = "https://storage.example"}), std::nullopt);
  expect_token(moved, host_.issuer(), tests::IdentityEndpoint::system_assigned(), "https://storage.example");
}

class MachineLearning : public HostIdentity {
 protected:
  MachineLearningSource source(ManagedIdentity identity = {}) {
    return {network_, clock_,      std::move(identity),
            storage,  host_.url(), Secret(tests::MachineLearningEndpoint::secret)};
  }
  tests::MachineLearningEndpoint host_;
};

TEST_F(MachineLearning, WritesWhenATokenDiesAsADate) {
  auto by_default = source();

  expect_token(by_default, host_.issuer(), tests::IdentityEndpoint::system_assigned());
}

TEST_F(MachineLearning, KnowsAnIdentityByItsClientId) {
  host_.issuer().add(reader);
  auto named = source({Kind::client_id, reader.client_id});

  expect_token(named, host_.issuer(), reader);
}

TEST_F(MachineLearning, SaysWhatIsWrongInItsOwnWords) {
  auto unknown = source({Kind::client_id, reader.client_id});

  const auto error = refusal_of(unknown);

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("No MSI found for specified ClientId"), HasSubstr(reader.client_id),
                    Not(HasSubstr(tests::MachineLearningEndpoint::secret))));
}

TEST_F(HostIdentity, CloudShellTakesAForm) {
  tests::CloudShellEndpoint host;
  CloudShellSource source(network_, clock_, storage, host.url());

  expect_token(source, host.issuer(), tests::IdentityEndpoint::system_assigned());
}

TEST_F(HostIdentity, CloudShellWithoutASessionSaysSo) {
  tests::CloudShellEndpoint host;
  host.issuer().remove(tests::IdentityEndpoint::system_assigned());
  CloudShellSource source(network_, clock_, storage, host.url());

  const auto error = refusal_of(source);

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_THAT(error.message, HasSubstr("The session has no identity (invalid_request)"));
}

class ServiceFabric : public HostIdentity {
 protected:
  ServiceFabricSource source(std::string secret, std::string thumbprint) {
    return {network_, clock_, storage, host_.url(), Secret(std::move(secret)), std::move(thumbprint)};
  }
  tests::ServiceFabricEndpoint host_;
};

TEST_F(ServiceFabric, IsKnownByItsThumbprint) {
  auto application = source(tests::ServiceFabricEndpoint::secret, host_.thumbprint());

  expect_token(application, host_.issuer(), tests::IdentityEndpoint::system_assigned());
}

TEST_F(ServiceFabric, IsNotToldTheSecretWhereItIsAnother) {
  auto deceived = source(tests::ServiceFabricEndpoint::secret, std::string(40, '0'));

  const auto error = refusal_of(deceived);

  EXPECT_EQ(error.code, ErrorCode::untrusted) << error.message;
  EXPECT_TRUE(host_.issuer().issued().empty());
}

TEST_F(ServiceFabric, WithoutAnIdentitySaysSoForGood) {
  auto stranger = source("open-sesame", host_.thumbprint());

  const auto error = refusal_of(stranger);

  EXPECT_EQ(error.code, ErrorCode::unauthenticated) << "404 is an answer there, and does not pass";
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("Managed identity not found"), HasSubstr("(ManagedIdentityNotFound)"),
                    HasSubstr("manifest"), Not(HasSubstr("open-sesame"))));
}

}  // namespace
}  // namespace blobmount
