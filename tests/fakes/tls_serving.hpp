#pragma once

/// HTTP over TLS for a SocketServer: one request for each connection.

#include <functional>

#include "blobmount/http.hpp"

#include "fakes/served_request.hpp"
#include "support/certificate.hpp"

namespace blobmount::tests {

/// Proves itself with `files`, and gives each request the answer of `answer`.
std::function<void(int)> serving_over_tls(const CertificateFiles& files,
                                          std::function<HttpResponse(const ServedRequest&)> answer);

}  // namespace blobmount::tests
