#include "app/signer.hpp"

#include <cstdlib>

#include "auth/bearer_transport.hpp"
#include "auth/instance_metadata_source.hpp"
#include "auth/shared_key_transport.hpp"

namespace blobmount {
namespace {

/// Where the metadata endpoint is, if not where every Azure VM has it; the name is that of Azure's SDKs.
constexpr auto authority_variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

Result<Url> metadata_authority() {
  const char* const other = std::getenv(authority_variable);
  if (other == nullptr || *other == '\0') return instance_metadata_authority();
  auto url = parse_url(other);
  if (!url) return std::move(url).error().within(authority_variable);
  return url;
}

Result<Signer> make_signer(const ManagedIdentity& identity, HttpTransport& network, Clock& clock, Log& log) {
  BM_ASSIGN(authority, metadata_authority());
  Signer signer;
  signer.source = std::make_unique<InstanceMetadataSource>(network, clock, identity, authority);
  signer.keeper = std::make_unique<TokenKeeper>(*signer.source, clock, log);
  signer.transport = std::make_unique<BearerTransport>(network, *signer.keeper);
  signer.description = signer.source->description();
  return signer;
}

Result<Signer> make_signer(const SharedKey& key, const std::string& account, HttpTransport& network,
                           Clock& clock) {
  BM_ASSIGN(transport, SharedKeyTransport::create(network, clock, account, key));
  Signer signer;
  signer.transport = std::move(transport);
  signer.description = "shared key";
  return signer;
}

}  // namespace

Result<Signer> make_signer(const Config& config, HttpTransport& network, Clock& clock, Log& log) {
  if (const auto* const key = std::get_if<SharedKey>(&config.credential)) {
    return make_signer(*key, config.source.account, network, clock);
  }
  if (const auto* const automatic = std::get_if<AutomaticIdentity>(&config.credential))
    return make_signer(automatic->identity, network, clock, log);
  return make_signer(std::get<ManagedIdentity>(config.credential), network, clock, log);
}

}  // namespace blobmount
