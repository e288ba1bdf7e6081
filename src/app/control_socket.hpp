#pragma once

/// What both ends of the control socket know: where it lies, and how a line goes over it.
/// docs/control-protocol.md has the whole.

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>
#include <sys/un.h>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Directories for the sockets of mounts that belong to `user`, best first. `runtime_directory` is what
/// XDG_RUNTIME_DIR says, or empty; root's sockets lie elsewhere.
std::vector<std::string> control_directories(uid_t user, const std::string& runtime_directory);

/// The socket's file in its directory. `device` is "MAJOR:MINOR" of the mount.
std::string control_socket_name(const std::string& device);

/// invalid_argument where `path` is too long for a socket.
Result<sockaddr_un> socket_address(const std::string& path);

/// Who is at the other end. Nothing to be trusted where that cannot be known: an Error.
Result<uid_t> user_behind(int socket);

/// Bytes of a line, its end included: of a request, and of an answer.
inline constexpr std::size_t longest_line = 64U << 10U;
inline constexpr std::size_t longest_answer = 1U << 20U;

/// The line that comes, without its end; what follows is lost. Errors: timed_out; too_large; cancelled, when
/// `stop`, if not negative, becomes readable; corrupt, when the peer went away before.
Result<std::string> receive_line(int socket, SteadyTime deadline, int stop = -1,
                                 std::size_t longest = longest_line);
/// Errors as receive_line().
Status send_line(int socket, std::string line, SteadyTime deadline, int stop = -1,
                 std::size_t longest = longest_line);
/// As it is, however long.
Status send_text(int socket, std::string_view text, SteadyTime deadline, int stop = -1);

/// Wait until `events` of poll(2) come to `socket`. timed_out; cancelled.
Status wait_for_events(int socket, short events, SteadyTime deadline, int stop);

}  // namespace blobmount
