#pragma once

/// The other end of the control socket: one question to a daemon. docs/control-protocol.md

#include <string>

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Send `request` to the daemon that listens on `socket`, and wait for its answer, as long as `patience`.
/// `owner` is the user whose daemon it should be: but for root's, no other's is believed.
/// Errors: unreachable, where nobody listens; permission_denied, where the socket is for others; untrusted;
/// timed_out; invalid_argument, with the daemon's sentence, where it said no, or where `request` has text
/// that is not UTF-8.
Result<nlohmann::json> ask_daemon(const std::string& socket, uid_t owner, const nlohmann::json& request,
                                  Duration patience = std::chrono::seconds{15});

}  // namespace blobmount
