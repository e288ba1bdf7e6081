#include "app/environment.hpp"

#include <cstdlib>
#include <cstring>

#include <string.h>
#include <unistd.h>

#include "auth/secret_file.hpp"

namespace blobmount {
namespace {

/// https://learn.microsoft.com/azure/azure-arc/servers/agent-overview
constexpr auto arc_agent = "/opt/azcmagent/bin/himds";

}  // namespace

std::string text_variable(const char* name) {
  const char* const text = std::getenv(name);
  return text != nullptr ? text : "";
}

Secret take_secret_variable(const char* name) {
  char* const text = std::getenv(name);
  if (text == nullptr) return {};
  auto secret = trimmed(Secret(text));
  explicit_bzero(text, std::strlen(text));
  unsetenv(name);
  return secret;
}

IdentityEnvironment take_identity_environment() {
  return {.identity_endpoint = text_variable("IDENTITY_ENDPOINT"),
          .identity_header = take_secret_variable("IDENTITY_HEADER"),
          .identity_server_thumbprint = text_variable("IDENTITY_SERVER_THUMBPRINT"),
          .msi_endpoint = text_variable("MSI_ENDPOINT"),
          .msi_secret = take_secret_variable("MSI_SECRET"),
          .imds_endpoint = text_variable("IMDS_ENDPOINT"),
          .authority_host = text_variable("AZURE_POD_IDENTITY_AUTHORITY_HOST"),
          .default_client_id = text_variable("DEFAULT_IDENTITY_CLIENT_ID"),
          .has_arc_agent = ::access(arc_agent, F_OK) == 0};
}

}  // namespace blobmount
