#pragma once

/// Which credential the command line and the environment name, and in which cloud it is good. Nothing is
/// asked of anybody but files.

#include <string>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "app/credential_methods.hpp"
#include "app/credential_settings.hpp"

namespace blobmount {

/// The one that an option names; else the first that the environment configures, even if incompletely: that
/// is an error, and not passed over. invalid_argument with a sentence for the user, without any secret.
Result<ChosenCredential> choose_credential(const CredentialOptions& options,
                                           const CredentialEnvironment& environment);

/// By the options, else by `host`, the endpoint's, if it is one of a cloud's; else the public one.
Result<Cloud> choose_cloud(const CredentialOptions& options, const std::string& host);

/// Of an application, the tenants are where AZURE_AUTHORITY_HOST says, unless an option does. To other
/// credentials it means nothing, whatever it says.
Status take_authority(Cloud& cloud, const Credential& credential, const CredentialOptions& options,
                      const CredentialEnvironment& environment);

}  // namespace blobmount
