#include "app/signer.hpp"

#include <utility>

#include "auth/bearer_transport.hpp"
#include "auth/identity_host.hpp"
#include "auth/managed_identity.hpp"
#include "auth/shared_key_transport.hpp"

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

Source source_of(const AutomaticIdentity& automatic, const Surroundings& around) {
  return source_of(automatic.identity, around);
}

/// Who gives out its tokens, for people; empty: nobody.
std::string endpoint_of(const ManagedIdentity& /*identity*/, const Surroundings& around) {
  return describe_identity_endpoint(around.config.identity_environment);
}

std::string endpoint_of(const AutomaticIdentity& automatic, const Surroundings& around) {
  return endpoint_of(automatic.identity, around);
}

template <typename Kind>
std::string endpoint_of(const Kind& /*credential*/, const Surroundings& /*around*/) {
  return "";
}

template <typename Kind>
Source source_of(const Kind& /*credential*/, const Surroundings& /*around*/) {
  return Error{ErrorCode::unsupported, "this credential is not known here"};
}

template <typename Kind>
Result<Signer> signer_of(const Kind& credential, const Surroundings& around) {
  BM_ASSIGN(source, source_of(credential, around));
  Signer signer;
  signer.source = std::move(source);
  signer.keeper = std::make_unique<TokenKeeper>(*signer.source, around.clock, around.log);
  signer.transport = std::make_unique<BearerTransport>(around.network, *signer.keeper);
  signer.description = signer.source->description();
  signer.endpoint = endpoint_of(credential, around);
  return signer;
}

Result<Signer> signer_of(const SharedKey& key, const Surroundings& around) {
  BM_ASSIGN(transport,
            SharedKeyTransport::create(around.network, around.clock, around.config.source.account, key));
  Signer signer;
  signer.transport = std::move(transport);
  signer.description = "shared key";
  return signer;
}

}  // namespace

Result<Signer> make_signer(const Config& config, HttpTransport& network, Clock& clock, Log& log) {
  const Surroundings around{config, network, clock, log};
  return std::visit([&around](const auto& credential) { return signer_of(credential, around); },
                    config.credential);
}

}  // namespace blobmount
