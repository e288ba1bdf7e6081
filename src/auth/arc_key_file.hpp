#pragma once

/// The file by which Azure Arc's agent makes sure that who asks for a token may read root's files.

#include <string>
#include <string_view>

#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Where the agent puts them.
constexpr auto arc_token_directory = "/var/opt/azcmagent/tokens";

/// The content of `path`, which is what somebody who claims to be the agent named: read only if it is a
/// regular file directly in `directory`, no link, with the suffix ".key" and at most 4,096 bytes. `corrupt`
/// where it is another: no file but the agent's is sent to anybody. `unauthenticated` where it cannot be
/// read. https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
Result<Secret> read_arc_key(const std::string& directory, std::string_view path);

}  // namespace blobmount
