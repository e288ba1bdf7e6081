#pragma once

/// The orders that scripts give a BlobService over HTTP, as JSON:
///   GET    /fake/stats        {"requests": {"get_blob": 3, ...}, "body_bytes": .., "most_gets_at_once": ..,
///   "connections": .., "tls_handshakes": .., "tls_resumed": .., ...} POST   /fake/reset-stats POST
///   /fake/faults       a rule, or a list of them: {"fault": "status", "status": 503, "code": "ServerBusy",
///                             "retry_after": 1, "bytes": 1000, "rate": 10, "time_ms": 60000, "request":
///                             "get_blob", "name": "box/a", "first": 1, "every": 10, "times": 5}; all but
///                             "fault" may be left out
///   DELETE /fake/faults       end of all rules
///   POST   /fake/network      {"first_byte_ms": 8, "jitter_ms": 2, "mib_per_second": 60, "list_ms": 60,
///                             "list_jitter_ms": 5}; what is left out is 0, and "list_ms" as "first_byte_ms"
///   POST   /fake/access       any of {"required": true, "role_assigned": false, "firewall": true,
///   "refuse_token": "..."} POST   /fake/blobs        {"container": "box", "name": "a", "size": 1000, "seed":
///   7} (synthetic), or "text": "..." DELETE /fake/blobs        {"container": "box", "name": "a"}

#include "fakes/reply.hpp"
#include "fakes/served_request.hpp"

namespace blobmount::tests {

class BlobService;

bool is_order(const ServedRequest& request);
/// Only where is_order(request).
void carry_out_order(const ServedRequest& request, BlobService& service, Reply& reply);

}  // namespace blobmount::tests
