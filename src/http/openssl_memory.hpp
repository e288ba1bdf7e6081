#pragma once

/// OpenSSL's memory: tokens pass through its buffers for TLS.

namespace blobmount {

/// From now on OpenSSL wipes what it frees. To be called before anything else of OpenSSL is: false, and no
/// effect, where it has allocated already. https://docs.openssl.org/3.0/man3/OPENSSL_malloc/
bool wipe_what_openssl_frees();

}  // namespace blobmount
