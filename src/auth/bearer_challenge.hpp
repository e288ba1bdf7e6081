#pragma once

/// The service's own words on the tokens that it takes, read as what they are: a stranger's.
/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory#bearer-challenge

#include <string_view>

#include "blobmount/credential.hpp"

namespace blobmount {

/// What the value of a WWW-Authenticate header says: `Bearer
/// authorization_uri=https://login.microsoftonline.com/TENANT/oauth2/authorize
/// resource_id=https://storage.azure.com`, quoted or not, in any order and case. Empty members where it does
/// not say them, or says what cannot be meant.
///
/// A tenant is an id or a domain; who is asked for its tokens stays what was configured. A resource is the
/// one that all of storage has, in every cloud, or that of the account, whose `host` was asked: a token for
/// anything else would be good elsewhere.
/// https://learn.microsoft.com/dotnet/api/azure.storage.blobs.models.blobaudience
BearerChallenge parse_bearer_challenge(std::string_view header, std::string_view host);

}  // namespace blobmount
