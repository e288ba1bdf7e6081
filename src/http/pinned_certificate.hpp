#pragma once

/// Trust in one certificate, known by its thumbprint, instead of in those who issue them.

#include <string>

#include <curl/curl.h>

namespace blobmount {

/// The next transfer of `handle` goes on only with a peer whose certificate has that SHA-1 thumbprint (40
/// hexadecimal digits), on a connection that no other transfer has used or will use. `thumbprint` outlives
/// the transfer. Where this curl cannot do that, it trusts nobody.
void trust_only(CURL* handle, const std::string& thumbprint);

}  // namespace blobmount
