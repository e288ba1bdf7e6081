#include "app/signer.hpp"

#include <utility>
#include <vector>

#include "auth/anonymous_transport.hpp"
#include "auth/application_source.hpp"
#include "auth/automatic_source.hpp"
#include "auth/azure_cli_source.hpp"
#include "auth/bearer_transport.hpp"
#include "auth/certificate_proof.hpp"
#include "auth/clouds.hpp"
#include "auth/identity_host.hpp"
#include "auth/identity_proof.hpp"
#include "auth/managed_identity.hpp"
#include "auth/sas_transport.hpp"
#include "auth/secret_file_proof.hpp"
#include "auth/secret_proof.hpp"
#include "auth/shared_key_transport.hpp"
#include "auth/token_file_proof.hpp"
#include "auth/token_request.hpp"
#include "blob/identified_transport.hpp"

namespace blobmount {
namespace {

struct Surroundings {
  const Config& config;
  HttpTransport& network;
  Clock& clock;
  Log& log;
};

using Source = Result<std::unique_ptr<TokenSource>>;

/// Storage's, as managed identities are asked for it: the root of a URL ends with a slash.
/// https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory#microsoft-authentication-library-msal
std::string resource_of(const Cloud& cloud) {
  const auto scheme_end = cloud.audience.find("://");
  const bool root =
      scheme_end != std::string::npos && cloud.audience.find('/', scheme_end + 3) == std::string::npos;
  return cloud.audience + (root ? "/" : "");
}

Source source_of(const ManagedIdentity& identity, const Surroundings& around) {
  return make_managed_identity_source(identity, resource_of(around.config.cloud),
                                      around.config.identity_environment, around.network, around.clock);
}

Source source_of(const AzureCli& cli, const Surroundings& around) {
  return std::make_unique<AzureCliSource>(around.clock, cli, around.config.cloud.audience);
}

/// Whether somebody has said that there is one: then it is not passed over.
bool is_configured(const ManagedIdentity& identity, const IdentityEnvironment& environment) {
  return identity.kind != ManagedIdentity::Kind::system_assigned || !environment.authority_host.empty() ||
         identity_host(environment) != IdentityHost::virtual_machine;
}

Source source_of(const AutomaticIdentity& automatic, const Surroundings& around) {
  if (is_configured(automatic.identity, around.config.identity_environment))
    return source_of(automatic.identity, around);
  std::vector<std::unique_ptr<TokenSource>> candidates;
  BM_ASSIGN(of_the_machine, source_of(automatic.identity, around));
  BM_ASSIGN(of_the_user, source_of(AzureCli{}, around));
  candidates.push_back(std::move(of_the_machine));
  candidates.push_back(std::move(of_the_user));
  return std::make_unique<AutomaticSource>(std::move(candidates));
}

Source tokens_of(const Application& application, std::unique_ptr<ClientProof> proof,
                 const Surroundings& around) {
  return std::make_unique<ApplicationSource>(around.network, around.clock, application, around.config.cloud,
                                             std::move(proof));
}

Source source_of(const ClientSecret& credential, const Surroundings& around) {
  if (credential.file.empty())
    return tokens_of(credential.application, std::make_unique<SecretProof>(credential.secret), around);
  BM_ASSIGN(file, WatchedSecretFile::open(credential.file, around.clock, around.log));
  return tokens_of(credential.application, std::make_unique<SecretFileProof>(std::move(file)), around);
}

Source source_of(const ClientCertificate& credential, const Surroundings& around) {
  BM_ASSIGN(proof, CertificateProof::create(credential, around.clock));
  return tokens_of(credential.application, std::move(proof), around);
}

Source source_of(const WorkloadIdentity& credential, const Surroundings& around) {
  BM_ASSIGN(proof, TokenFileProof::create(credential.token_file));
  return tokens_of(credential.application, std::move(proof), around);
}

Source source_of(const FederatedIdentity& credential, const Surroundings& around) {
  const auto& config = around.config;
  BM_ASSIGN(identity,
            make_managed_identity_source(credential.identity, config.cloud.exchange_audience,
                                         config.identity_environment, around.network, around.clock));
  return tokens_of(credential.application, std::make_unique<IdentityProof>(std::move(identity)), around);
}

/// Who gives out its tokens, for people; empty: nobody.
template <typename Kind>
requires requires(const Kind& kind) { kind.application; }
std::string endpoint_of(const Kind& /*credential*/, const Surroundings& around) {
  const auto& cloud = around.config.cloud;
  const auto* const known = cloud_of_host("account." + cloud.endpoint_suffix);
  const bool usual = known != nullptr && known->authority.host == cloud.authority.host;
  return address_of(cloud.authority) +
         (usual ? " (by the cloud)" : " (by --authority or AZURE_AUTHORITY_HOST)");
}

std::string endpoint_of(const ManagedIdentity& /*identity*/, const Surroundings& around) {
  return describe_identity_endpoint(around.config.identity_environment);
}

std::string endpoint_of(const AutomaticIdentity& automatic, const Surroundings& around) {
  const bool alone = is_configured(automatic.identity, around.config.identity_environment);
  return endpoint_of(automatic.identity, around) + (alone ? "" : ", else az in PATH");
}

template <typename Kind>
std::string endpoint_of(const Kind& /*credential*/, const Surroundings& /*around*/) {
  return "";
}

template <typename Kind>
Result<Signer> signer_of(const Kind& credential, const Surroundings& around) {
  BM_ASSIGN(source, source_of(credential, around));
  Signer signer;
  signer.source = std::move(source);
  signer.keeper = std::make_unique<TokenKeeper>(*signer.source, around.clock, around.log);
  signer.transport = std::make_unique<BearerTransport>(around.network, *signer.keeper);
  signer.endpoint = endpoint_of(credential, around);
  return signer;
}

Result<Signer> signer_of(const SharedKey& given, const Surroundings& around) {
  BM_ASSIGN(key, CurrentKey::create(given, around.clock, around.log));
  Signer signer;
  signer.transport = std::make_unique<SharedKeyTransport>(around.network, around.clock,
                                                          around.config.source.account, std::move(key));
  signer.description = "shared key";
  return signer;
}

Result<Signer> signer_of(const SharedAccessSignature& given, const Surroundings& around) {
  BM_ASSIGN(signatures, CurrentSas::create(given, around.clock, around.log));
  Signer signer;
  const auto expires = signatures->get()->expires;
  signer.description = "shared access signature" + (expires.empty() ? "" : " until " + expires);
  signer.transport = std::make_unique<SasTransport>(around.network, around.clock, std::move(signatures));
  return signer;
}

Result<Signer> signer_of(const Anonymous& /*nobody*/, const Surroundings& around) {
  const auto& source = around.config.source;
  if (!source.account.empty() && source.container.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "nobody may list the containers of an account without a credential: name one, as in '" +
                     source.account + "/CONTAINER'"};
  }
  Signer signer;
  signer.transport = std::make_unique<AnonymousTransport>(around.network);
  signer.description = "no credential";
  return signer;
}

}  // namespace

Result<Signer> make_signer(const Config& config, HttpTransport& network, Clock& clock, Log& log) {
  const Surroundings around{config, network, clock, log};
  BM_ASSIGN(signer, std::visit([&around](const auto& credential) { return signer_of(credential, around); },
                               config.credential));
  signer.transport =
      std::make_unique<IdentifiedTransport>(std::move(signer.transport), config.network.user_agent_suffix);
  return signer;
}

}  // namespace blobmount
