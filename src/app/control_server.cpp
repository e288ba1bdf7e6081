#include "app/control_server.hpp"

#include <cerrno>
#include <exception>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>

#include "app/control_socket.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr int most_waiting_clients = 16;

/// Names in /tmp can be taken by anybody: what is there counts only if it is as we would have made it.
Status claim(const std::string& directory) {
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return system_error("make '" + directory + "'");
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return system_error("look at '" + directory + "'");
  const bool ours = S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
                    (status.st_mode & ALLPERMS) == static_cast<mode_t>(S_IRWXU);
  if (ours) return {};
  return Error{ErrorCode::permission_denied,
               "'" + directory + "' is not a directory of this user with mode 0700"};
}

Result<std::string> claim_first(const std::vector<std::string>& directories) {
  Error last{ErrorCode::not_found, "there is no directory for it"};
  for (const auto& directory : directories) {
    auto claimed = claim(directory);
    if (claimed) return directory;
    last = std::move(claimed).error();
  }
  return last;
}

Result<Descriptor> listen_on(const std::string& path) {
  BM_ASSIGN(address, socket_address(path));
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return system_error("make a socket");
  // of the living, only we have this name: the device's number is that of our mount
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("replace '" + path + "'");
  if (::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 ||
      ::listen(listener.number(), most_waiting_clients) != 0) {
    return system_error("listen on '" + path + "'");
  }
  return listener;
}

ino_t inode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

Status check_user(int client) {
  BM_ASSIGN(user, user_behind(client));
  if (user == 0 || user == ::geteuid()) return {};
  return Error{ErrorCode::permission_denied, "only the user who mounted it, and root, may ask"};
}

/// One line, whatever bytes the texts in it have.
std::string line_of(const json& answer) {
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string line_of(Result<json> outcome) {
  const bool good = outcome.has_value();
  json answer = good ? *std::move(outcome) : json{{"error", outcome.error().message}};
  answer["ok"] = good;
  auto line = line_of(answer);
  if (line.size() < longest_answer) return line;
  return line_of(json{{"ok", false}, {"error", "the answer is longer than 1 MiB"}});
}

/// On the thread of others: it is sent without waiting, for which an answer in a few words always has room.
Completion<json> later_answer(std::shared_ptr<const Descriptor> client) {
  return [client = std::move(client)](Result<json> outcome) {
    (void)send_line(client->number(), line_of(std::move(outcome)), std::chrono::steady_clock::now());
  };
}

/// Who may not ask, or says too much, is told; who says nothing, or went away, is not.
bool deserves_answer(const Error& error) {
  return error.code == ErrorCode::permission_denied || error.code == ErrorCode::too_large;
}

Error wrong(const std::string& why) { return {ErrorCode::invalid_argument, why}; }

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::vector<std::string>& directories,
                                                             const std::string& name, Handlers handlers,
                                                             Log& log, Duration patience) {
  BM_ASSIGN(directory, claim_first(directories));
  auto path = directory + "/" + name;
  BM_ASSIGN(listener, listen_on(path));
  std::unique_ptr<ControlServer> server(
      new ControlServer(std::move(path), std::move(handlers), log, patience));
  BM_ASSIGN(clients, ClientThread::start("control", std::move(listener),
                                         [&server = *server](Descriptor client, int stop) {
                                           server.serve(std::move(client), stop);
                                         }));
  server->clients_ = std::move(clients);
  return server;
}

ControlServer::ControlServer(std::string path, Handlers handlers, Log& log, Duration patience)
    : log_(log),
      handlers_(std::move(handlers)),
      patience_(patience),
      path_(std::move(path)),
      file_(inode_of(path_)) {}

ControlServer::~ControlServer() {
  // before the listener ends: as long as it has the inode, that of another server's socket is another
  if (inode_of(path_) == file_) ::unlink(path_.c_str());
  clients_.reset();
}

void ControlServer::serve(Descriptor accepted, int stop) const {
  const auto client = std::make_shared<const Descriptor>(std::move(accepted));
  const auto line = line_from(client->number(), stop);
  if (!line && !deserves_answer(line.error())) return note_dropped(line.error());
  auto outcome = line ? answer_to(*line, later_answer(client)) : std::optional(Result<json>(line.error()));
  if (!outcome) return;
  const auto sent = send_line(client->number(), line_of(*std::move(outcome)),
                              std::chrono::steady_clock::now() + patience_, stop, longest_answer);
  if (!sent) note_dropped(sent.error());
}

void ControlServer::note_dropped(const Error& reason) const {
  log_.debug("control client dropped", {{"reason", reason.message}});
}

Result<std::string> ControlServer::line_from(int client, int stop) const {
  BM_TRY(check_user(client));
  return receive_line(client, std::chrono::steady_clock::now() + patience_, stop);
}

std::optional<Result<json>> ControlServer::answer_to(const std::string& line,
                                                     const Completion<json>& done) const {
  const auto request = json::parse(line, nullptr, false);
  if (!request.is_object()) return wrong("the request is not a JSON object in one line");
  const auto command = request.find("command");
  if (command == request.end() || !command->is_string()) return wrong("the request names no \"command\"");

  const auto& name = command->get_ref<const std::string&>();
  const auto handler = handlers_.find(name);
  if (handler == handlers_.end()) {
    return Error{ErrorCode::unsupported, "this blobmount knows no command '" + name + "'"};
  }
  log_.debug("control request", {{"command", name}});
  try {
    if (const auto* const quick = std::get_if<Handler>(&handler->second)) return (*quick)(request);
    std::get<SlowHandler>(handler->second)(request, done);
    return std::nullopt;
  } catch (const std::exception& defect) {
    return Error{ErrorCode::internal, name + ": " + defect.what()};
  }
}

}  // namespace blobmount
