#include "auth/managed_identity.hpp"

#include <utility>

#include "auth/app_service_source.hpp"
#include "auth/arc_source.hpp"
#include "auth/cloud_shell_source.hpp"
#include "auth/identity_host.hpp"
#include "auth/instance_metadata_source.hpp"
#include "auth/machine_learning_source.hpp"
#include "auth/service_fabric_source.hpp"

namespace blobmount {
namespace {

using Kind = ManagedIdentity::Kind;

/// What users know of each host.
struct Choice {
  const char* host;
  IdentitySelectors selectors;
};

Choice choice_at(IdentityHost host) {
  switch (host) {
    case IdentityHost::service_fabric:
      return {"Service Fabric", ServiceFabricSource::selectors};
    case IdentityHost::app_service:
      return {"App Service", AppServiceSource::selectors};
    case IdentityHost::machine_learning:
      return {"Azure Machine Learning", MachineLearningSource::selectors};
    case IdentityHost::cloud_shell:
      return {"Cloud Shell", CloudShellSource::selectors};
    case IdentityHost::arc:
      return {"Azure Arc", ArcSource::selectors};
    case IdentityHost::virtual_machine:
      break;
  }
  return {"a virtual machine", InstanceMetadataSource::selectors};
}

Status check_choice(const ManagedIdentity& identity, const Choice& choice) {
  if (identity.kind == Kind::system_assigned || choice.selectors.parameter(identity.kind) != nullptr)
    return {};
  const auto host = std::string(choice.host);
  if (choice.selectors.client_id != nullptr) {
    return Error{ErrorCode::invalid_argument,
                 "in " + host + ", an identity is named by --client-id only, not by " + describe(identity)};
  }
  return Error{ErrorCode::invalid_argument, "in " + host + ", the identity cannot be chosen, so not " +
                                                describe(identity) +
                                                ": leave out --client-id, --object-id, --resource-id and "
                                                "AZURE_CLIENT_ID"};
}

ManagedIdentity or_default(ManagedIdentity identity, const std::string& client_id) {
  if (identity.kind != Kind::system_assigned || client_id.empty()) return identity;
  return {Kind::client_id, client_id};
}

}  // namespace

Result<std::unique_ptr<TokenSource>> make_managed_identity_source(const ManagedIdentity& identity,
                                                                  std::string resource,
                                                                  const IdentityEnvironment& environment,
                                                                  HttpTransport& transport, Clock& clock) {
  const auto host = identity_host(environment);
  BM_TRY(check_choice(identity, choice_at(host)));
  BM_ASSIGN(url, identity_endpoint(host, environment));
  switch (host) {
    case IdentityHost::service_fabric:
      return std::make_unique<ServiceFabricSource>(transport, clock, std::move(resource), std::move(url),
                                                   environment.identity_header,
                                                   environment.identity_server_thumbprint);
    case IdentityHost::app_service:
      return std::make_unique<AppServiceSource>(transport, clock, identity, std::move(resource),
                                                std::move(url), environment.identity_header);
    case IdentityHost::machine_learning:
      return std::make_unique<MachineLearningSource>(
          transport, clock, or_default(identity, environment.default_client_id), std::move(resource),
          std::move(url), environment.msi_secret);
    case IdentityHost::cloud_shell:
      return std::make_unique<CloudShellSource>(transport, clock, std::move(resource), std::move(url));
    case IdentityHost::arc:
      return std::make_unique<ArcSource>(transport, clock, identity, std::move(resource), std::move(url));
    case IdentityHost::virtual_machine:
      break;
  }
  return std::make_unique<InstanceMetadataSource>(transport, clock, identity, std::move(resource),
                                                  std::move(url));
}

}  // namespace blobmount
