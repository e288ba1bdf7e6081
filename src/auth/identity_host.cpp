#include "auth/identity_host.hpp"

#include <cstdint>
#include <utility>

#include <arpa/inet.h>

#include "auth/arc_source.hpp"
#include "auth/instance_metadata_source.hpp"
#include "auth/token_request.hpp"

namespace blobmount {
namespace {

bool set(const std::string& variable) { return !variable.empty(); }
bool set(const Secret& variable) { return !variable.empty(); }

/// 169.254.0.0/16: what goes there does not leave the host.
bool is_link_local(std::uint32_t address) { return address >> 16U == 0xA9FEU; }
/// RFC 1918. App Service on Linux has had its endpoint at 172.16.x.y:8081, on a bridge of the host's.
bool is_private(std::uint32_t address) {
  return address >> 24U == 10U || address >> 20U == 0xAC1U || address >> 16U == 0xC0A8U;
}

/// Whether the host's own endpoints are asked there without TLS.
bool is_near(const std::string& name, IdentityHost host) {
  in_addr address{};
  if (inet_pton(AF_INET, name.c_str(), &address) != 1) return false;
  const auto number = ntohl(address.s_addr);
  return is_link_local(number) || (host == IdentityHost::app_service && is_private(number));
}

Result<Url> usable_url(const char* variable, const std::string& text, IdentityHost host) {
  auto url = parse_url(text);
  if (!url) return std::move(url).error().within(variable);
  if (keeps_secrets(*url) || is_near(url->host, host)) return url;
  return Error{ErrorCode::invalid_argument, std::string(variable) + " is '" + address_of(*url) +
                                                "': identity endpoints elsewhere than on this host must be "
                                                "https"};
}

Result<Url> https_url(const char* variable, const std::string& text) {
  BM_ASSIGN(url, usable_url(variable, text, IdentityHost::service_fabric));
  if (url.scheme == "https") return url;
  return Error{ErrorCode::invalid_argument, std::string(variable) + " is '" + address_of(url) +
                                                "': Service Fabric's identity endpoint must be https"};
}

/// What is said of how it is known.
std::string evidence_of(IdentityHost host, const IdentityEnvironment& environment) {
  switch (host) {
    case IdentityHost::service_fabric:
      return "Service Fabric: IDENTITY_ENDPOINT, IDENTITY_HEADER and IDENTITY_SERVER_THUMBPRINT are set";
    case IdentityHost::app_service:
      return "App Service: IDENTITY_ENDPOINT and IDENTITY_HEADER are set";
    case IdentityHost::machine_learning:
      return "Azure Machine Learning: MSI_ENDPOINT and MSI_SECRET are set";
    case IdentityHost::cloud_shell:
      return "Cloud Shell: MSI_ENDPOINT is set";
    case IdentityHost::arc:
      return set(environment.identity_endpoint) && set(environment.imds_endpoint)
                 ? "Azure Arc: IDENTITY_ENDPOINT and IMDS_ENDPOINT are set"
                 : "Azure Arc: its agent is installed";
    case IdentityHost::virtual_machine:
      break;
  }
  return set(environment.authority_host) ? "AZURE_POD_IDENTITY_AUTHORITY_HOST is set"
                                         : "a virtual machine: nothing says that this is another host";
}

}  // namespace

IdentityHost identity_host(const IdentityEnvironment& environment) {
  if (set(environment.identity_endpoint) && set(environment.identity_header)) {
    return set(environment.identity_server_thumbprint) ? IdentityHost::service_fabric
                                                       : IdentityHost::app_service;
  }
  if (set(environment.msi_endpoint))
    return set(environment.msi_secret) ? IdentityHost::machine_learning : IdentityHost::cloud_shell;
  if (set(environment.identity_endpoint) && set(environment.imds_endpoint)) return IdentityHost::arc;
  if (environment.has_arc_agent) return IdentityHost::arc;
  return IdentityHost::virtual_machine;
}

Result<Url> identity_endpoint(IdentityHost host, const IdentityEnvironment& environment) {
  switch (host) {
    case IdentityHost::service_fabric:
      return https_url("IDENTITY_ENDPOINT", environment.identity_endpoint);
    case IdentityHost::app_service:
      return usable_url("IDENTITY_ENDPOINT", environment.identity_endpoint, host);
    case IdentityHost::machine_learning:
    case IdentityHost::cloud_shell:
      return usable_url("MSI_ENDPOINT", environment.msi_endpoint, host);
    case IdentityHost::arc:
      if (!set(environment.identity_endpoint) || !set(environment.imds_endpoint)) return arc_agent_url();
      return usable_url("IDENTITY_ENDPOINT", environment.identity_endpoint, host);
    case IdentityHost::virtual_machine:
      break;
  }
  if (!set(environment.authority_host)) return instance_metadata_authority();
  return usable_url("AZURE_POD_IDENTITY_AUTHORITY_HOST", environment.authority_host, host);
}

std::string describe_identity_endpoint(const IdentityEnvironment& environment) {
  const auto host = identity_host(environment);
  const auto url = identity_endpoint(host, environment);
  return (url ? address_of(*url) : "none") + " (" + evidence_of(host, environment) + ")";
}

}  // namespace blobmount
