#include "auth/managed_identity.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"

namespace blobmount {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::ManualClock;
using tests::ScriptedTransport;
using Kind = ManagedIdentity::Kind;

const IdentityEnvironment service_fabric{.identity_endpoint = "https://localhost:2377/token",
                                         .identity_header = Secret("header"),
                                         .identity_server_thumbprint = std::string(40, 'a')};
const IdentityEnvironment app_service{.identity_endpoint = "http://127.0.0.1:41299/msi/token/",
                                      .identity_header = Secret("header")};
const IdentityEnvironment machine_learning{.msi_endpoint = "http://127.0.0.1:46808/MSI/auth",
                                           .msi_secret = Secret("secret")};
const IdentityEnvironment cloud_shell{.msi_endpoint = "http://localhost:50342/oauth2/token"};
const IdentityEnvironment arc{.has_arc_agent = true};

class ManagedIdentitySources : public testing::Test {
 protected:
  Result<std::unique_ptr<TokenSource>> make(const IdentityEnvironment& environment,
                                            ManagedIdentity identity = {}) {
    return make_managed_identity_source(identity, "api://AzureADTokenExchange", environment, network_,
                                        clock_);
  }
  /// What it asks first.
  HttpRequest request_of(const IdentityEnvironment& environment, ManagedIdentity identity = {}) {
    const auto source = make(environment, std::move(identity));
    EXPECT_TRUE(source) << source.error().message;
    (void)(*source)->request_token();
    return network_.requests().back();
  }
  std::string url_of(const IdentityEnvironment& environment, ManagedIdentity identity = {}) {
    return request_of(environment, std::move(identity)).url.to_string();
  }

  ManualClock clock_;
  ScriptedTransport network_{[](const HttpRequest&) { return HttpResponse{.status = 500}; }};
};

TEST_F(ManagedIdentitySources, AskEachHostInItsOwnWay) {
  EXPECT_EQ(url_of({}),
            "http://169.254.169.254/metadata/identity/oauth2/"
            "token?api-version=2018-02-01&resource=api%3A%2F%2FAzureADTokenExchange");
  EXPECT_EQ(url_of(arc),
            "http://127.0.0.1:40342/metadata/identity/oauth2/"
            "token?api-version=2020-06-01&resource=api%3A%2F%2FAzureADTokenExchange");
  EXPECT_EQ(
      url_of(app_service),
      "http://127.0.0.1:41299/msi/token/?api-version=2019-08-01&resource=api%3A%2F%2FAzureADTokenExchange");
  EXPECT_EQ(
      url_of(machine_learning),
      "http://127.0.0.1:46808/MSI/auth?api-version=2017-09-01&resource=api%3A%2F%2FAzureADTokenExchange");
  EXPECT_EQ(url_of(cloud_shell), "http://localhost:50342/oauth2/token");
  EXPECT_EQ(network_.requests().back().body, "resource=api%3A%2F%2FAzureADTokenExchange");
  EXPECT_EQ(url_of(service_fabric),
            "https://localhost:2377/"
            "token?api-version=2019-07-01-preview&resource=api%3A%2F%2FAzureADTokenExchange");
  EXPECT_EQ(network_.requests().back().pinned_certificate, std::string(40, 'a'));
}

TEST_F(ManagedIdentitySources, NeverGoThroughAProxyAndNeverWaitForLong) {
  for (const auto* environment : {&service_fabric, &app_service, &machine_learning, &cloud_shell, &arc}) {
    const auto request = request_of(*environment);
    EXPECT_TRUE(request.direct);
    EXPECT_GT(request.limits.total, Duration{0});
    EXPECT_LE(request.longest_body, 1U << 20U);
  }
}

TEST_F(ManagedIdentitySources, NameAnIdentityAsTheirHostWantsIt) {
  const auto parameter_of = [this](const IdentityEnvironment& environment, Kind kind) {
    return request_of(environment, {kind, "x"}).url.query.back().first;
  };

  EXPECT_EQ(parameter_of({}, Kind::client_id), "client_id");
  EXPECT_EQ(parameter_of({}, Kind::object_id), "object_id");
  EXPECT_EQ(parameter_of({}, Kind::resource_id), "msi_res_id");
  EXPECT_EQ(parameter_of(arc, Kind::client_id), "client_id");
  EXPECT_EQ(parameter_of(arc, Kind::object_id), "object_id");
  EXPECT_EQ(parameter_of(arc, Kind::resource_id), "msi_res_id");
  EXPECT_EQ(parameter_of(app_service, Kind::client_id), "client_id");
  EXPECT_EQ(parameter_of(app_service, Kind::object_id), "principal_id");
  EXPECT_EQ(parameter_of(app_service, Kind::resource_id), "mi_res_id");
  EXPECT_EQ(parameter_of(machine_learning, Kind::client_id), "clientid");
}

TEST_F(ManagedIdentitySources, MachineLearningHasADefaultThatAnOptionBeats) {
  auto environment = machine_learning;
  environment.default_client_id = "d1";

  EXPECT_EQ(request_of(environment).url.query.back(), std::pair(std::string("clientid"), std::string("d1")));
  EXPECT_EQ(request_of(environment, {Kind::client_id, "c1"}).url.query.back().second, "c1");
  EXPECT_EQ((*make(environment))->description(), "managed identity (client id d1)");
}

TEST_F(ManagedIdentitySources, AnIdentityThatCannotBeChosenThereIsRefused) {
  for (const auto kind : {Kind::client_id, Kind::object_id, Kind::resource_id}) {
    for (const auto* environment : {&cloud_shell, &service_fabric}) {
      const auto source = make(*environment, {kind, "x1"});
      ASSERT_FALSE(source);
      EXPECT_EQ(source.error().code, ErrorCode::invalid_argument);
      EXPECT_THAT(source.error().message, AllOf(HasSubstr("cannot be chosen"), HasSubstr("x1")));
    }
  }
  for (const auto kind : {Kind::object_id, Kind::resource_id}) {
    const auto source = make(machine_learning, {kind, "x1"});
    ASSERT_FALSE(source);
    EXPECT_THAT(source.error().message, AllOf(HasSubstr("by --client-id only"), HasSubstr("x1")));
  }
}

TEST_F(ManagedIdentitySources, DescribeThemselvesForPeople) {
  EXPECT_EQ((*make({}))->description(), "managed identity (system-assigned)");
  EXPECT_EQ((*make(app_service, {Kind::object_id, "o1"}))->description(), "managed identity (object id o1)");
  EXPECT_EQ((*make(cloud_shell))->description(), "managed identity (of Cloud Shell)");
  EXPECT_EQ((*make(service_fabric))->description(), "managed identity (of the Service Fabric application)");
}

}  // namespace
}  // namespace blobmount
