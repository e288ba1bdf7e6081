#pragma once

/// TLS records are read from the socket several at a time, where this curl uses OpenSSL: else two calls of
/// the system go into each record of 16 KiB, one for its head of five bytes.

#include <curl/curl.h>

namespace blobmount {

bool curl_uses_openssl();

/// The next connection that `handle` makes reads ahead, unless the environment names a proxy by https. From
/// then on curl does not notice all that it could read: ask unread().
void read_ahead(CURL* handle);

/// Whether bytes wait that have left the socket, so that nothing is heard of them there, and curl has not
/// found out yet that it needs more to make something of them. False where `handle` has no connection.
bool unread(CURL* handle);

}  // namespace blobmount
