#include "auth/identity_host.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::HasSubstr;

/// All that any host sets; tests take away from it.
IdentityEnvironment everything() {
  return {.identity_endpoint = "https://localhost:2377/metadata/identity/oauth2/token",
          .identity_header = Secret("header"),
          .identity_server_thumbprint = std::string(40, 'a'),
          .msi_endpoint = "http://127.0.0.1:41299/msi/token/",
          .msi_secret = Secret("secret"),
          .imds_endpoint = "http://127.0.0.1:40342",
          .authority_host = "http://127.0.0.1:2579",
          .has_arc_agent = true};
}

TEST(IdentityHost, IsFoundInTheOrderOfMicrosoftsLibraries) {
  auto environment = everything();
  EXPECT_EQ(identity_host(environment), IdentityHost::service_fabric);

  environment.identity_server_thumbprint.clear();
  EXPECT_EQ(identity_host(environment), IdentityHost::app_service);

  environment.identity_header = {};
  EXPECT_EQ(identity_host(environment), IdentityHost::machine_learning);

  environment.msi_secret = {};
  EXPECT_EQ(identity_host(environment), IdentityHost::cloud_shell);

  environment.msi_endpoint.clear();
  EXPECT_EQ(identity_host(environment), IdentityHost::arc);

  environment.has_arc_agent = false;
  EXPECT_EQ(identity_host(environment), IdentityHost::arc) << "its variables say so";

  environment.imds_endpoint.clear();
  EXPECT_EQ(identity_host(environment), IdentityHost::virtual_machine);
  EXPECT_EQ(identity_host({}), IdentityHost::virtual_machine);
  EXPECT_EQ(identity_host({.has_arc_agent = true}), IdentityHost::arc);
}

TEST(IdentityHost, HalfOfItsVariablesDoNotMakeIt) {
  EXPECT_EQ(identity_host({.identity_endpoint = "http://127.0.0.1:1/"}), IdentityHost::virtual_machine);
  EXPECT_EQ(identity_host({.identity_header = Secret("header")}), IdentityHost::virtual_machine);
  EXPECT_EQ(identity_host({.msi_secret = Secret("secret")}), IdentityHost::virtual_machine);
  EXPECT_EQ(identity_host({.imds_endpoint = "http://127.0.0.1:1/"}), IdentityHost::virtual_machine);
}

TEST(IdentityHost, HasAnEndpointOfItsOwn) {
  const auto url_of = [](const IdentityEnvironment& environment) {
    return identity_endpoint(identity_host(environment), environment)->to_string();
  };

  EXPECT_EQ(url_of({}), "http://169.254.169.254/");
  EXPECT_EQ(url_of({.authority_host = "http://127.0.0.1:2579"}), "http://127.0.0.1:2579/");
  EXPECT_EQ(url_of({.has_arc_agent = true}), "http://127.0.0.1:40342/metadata/identity/oauth2/token");
  EXPECT_EQ(url_of({.identity_endpoint = "http://localhost:7/token", .imds_endpoint = "http://localhost:7"}),
            "http://localhost:7/token");
  EXPECT_EQ(url_of({.msi_endpoint = "http://localhost:50342/oauth2/token"}),
            "http://localhost:50342/oauth2/token");
}

TEST(IdentityHost, IsToldSecretsOverPlainHttpOnlyWhereTheyStayInItsOwnNetwork) {
  const auto usable = [](const std::string& url) {
    return identity_endpoint(IdentityHost::app_service, {.identity_endpoint = url}).has_value();
  };

  for (const auto* url :
       {"http://127.0.0.1:41299/msi/token/", "http://localhost:42356/msi/token",
        "http://169.254.129.2:8081/msi/token", "http://172.16.2.6:8081/msi/token", "http://10.0.0.4/token",
        "http://192.168.1.1/token", "https://identity.example/token"}) {
    EXPECT_TRUE(usable(url)) << url;
  }
  for (const auto* url : {"http://identity.example/token", "http://20.1.2.3/token", "http://172.32.0.1/token",
                          "http://169.253.1.1/token", "http://localhost.example/token",
                          "http://127.0.0.1.example/token", "ftp://127.0.0.1/token", "127.0.0.1", ""}) {
    EXPECT_FALSE(usable(url)) << url;
  }
}

TEST(IdentityHost, OnlyAppServiceHasItsEndpointInAPrivateNetwork) {
  const auto* const url = "http://172.16.2.6:8081/token";

  EXPECT_FALSE(identity_endpoint(IdentityHost::machine_learning, {.msi_endpoint = url}));
  EXPECT_FALSE(identity_endpoint(IdentityHost::arc, {.identity_endpoint = url, .imds_endpoint = url}));
  EXPECT_FALSE(identity_endpoint(IdentityHost::virtual_machine, {.authority_host = url}));
  EXPECT_TRUE(identity_endpoint(IdentityHost::virtual_machine, {.authority_host = "http://169.254.1.1"}));
}

TEST(IdentityHost, NamesTheVariableThatCannotBeUsed) {
  const auto far = identity_endpoint(IdentityHost::cloud_shell, {.msi_endpoint = "http://identity.example/"});
  const auto plain =
      identity_endpoint(IdentityHost::service_fabric, {.identity_endpoint = "http://127.0.0.1:1/"});

  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(far.error().message, HasSubstr("MSI_ENDPOINT is 'http://identity.example'"));
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().message, HasSubstr("Service Fabric's identity endpoint must be https"));
}

TEST(IdentityHost, IsDescribedForPeople) {
  EXPECT_EQ(describe_identity_endpoint({}),
            "http://169.254.169.254 (a virtual machine: nothing says that this is another host)");
  EXPECT_EQ(describe_identity_endpoint(
                {.identity_endpoint = "http://127.0.0.1:41299/msi", .identity_header = Secret("header")}),
            "http://127.0.0.1:41299 (App Service: IDENTITY_ENDPOINT and IDENTITY_HEADER are set)");
  EXPECT_EQ(describe_identity_endpoint({.has_arc_agent = true}),
            "http://127.0.0.1:40342 (Azure Arc: its agent is installed)");
}

}  // namespace
}  // namespace blobmount
