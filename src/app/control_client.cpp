#include "app/control_client.hpp"

#include <cerrno>
#include <chrono>

#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include "app/control_socket.hpp"
#include "cache/system_files.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr int deepest = 16;

ErrorCode code_of_connect(int reason) {
  switch (reason) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
      return ErrorCode::unreachable;
    case EACCES:
    case EPERM:
      return ErrorCode::permission_denied;
    case EAGAIN:
      return ErrorCode::timed_out;  // more clients wait than the daemon takes
    default:
      return ErrorCode::internal;
  }
}

Result<Descriptor> connect_to(const std::string& path) {
  BM_ASSIGN(address, socket_address(path));
  Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection) return system_error("make a socket");
  if (::connect(connection.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const auto code = code_of_connect(errno);
    auto error = system_error("connect to '" + path + "'");
    return Error{code, std::move(error.message)};
  }
  return connection;
}

/// Anybody may have put a socket into /tmp.
Status check_peer(const Descriptor& connection, uid_t owner) {
  BM_ASSIGN(user, user_behind(connection.number()));
  if (user == 0 || user == owner) return {};
  return Error{ErrorCode::untrusted, "the socket is served by uid " + std::to_string(user)};
}

Result<std::string> line_of(const json& request) {
  try {
    return request.dump();
  } catch (const json::exception&) {
    return Error{ErrorCode::invalid_argument, "it is not UTF-8, as all names of blobs are"};
  }
}

Result<json> parse_answer(const std::string& line) {
  // what lies deeper than all that there is to say is left out: who copies or prints it goes down as deep
  const auto keep = [](int depth, json::parse_event_t /*event*/, json& /*value*/) { return depth < deepest; };
  auto answer = json::parse(line, keep, false);
  const bool understood = answer.is_object() && answer.contains("ok") && answer["ok"].is_boolean();
  if (!understood) return Error{ErrorCode::corrupt, "the daemon's answer is not understood"};
  if (answer["ok"].get<bool>()) return answer;
  const auto reason = answer.find("error");
  const bool told = reason != answer.end() && reason->is_string();
  return Error{ErrorCode::invalid_argument, told ? reason->get<std::string>() : "the daemon gave no reason"};
}

}  // namespace

Result<json> ask_daemon(const std::string& socket, uid_t owner, const json& request, Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  BM_ASSIGN(question, line_of(request));
  BM_ASSIGN(connection, connect_to(socket));
  BM_TRY(check_peer(connection, owner));
  const auto sent = send_line(connection.number(), std::move(question), deadline);
  // who refuses at once does not listen first
  if (!sent && sent.error().code != ErrorCode::corrupt) return sent.error();
  BM_ASSIGN(line, receive_line(connection.number(), deadline, -1, longest_answer));
  return parse_answer(line);
}

}  // namespace blobmount
