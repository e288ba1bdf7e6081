#pragma once

/// The daemon's end of the control socket: answers what its user and root ask. docs/control-protocol.md

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "app/client_thread.hpp"
#include "base/log.hpp"

namespace blobmount {

class ControlServer {
 public:
  /// Gets the whole request, gives an object whose members go into the answer. Runs on the server's thread,
  /// one at a time: while it runs, nobody else is answered.
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& request)>;
  /// For what takes long: it only begins there. `done` answers, on any thread, after the server's end, too;
  /// it does not block.
  using SlowHandler =
      std::function<void(const nlohmann::json& request, const Completion<nlohmann::json>& done)>;
  using Handlers = std::map<std::string, std::variant<Handler, SlowHandler>>;  ///< by the command's name

  /// Listen on a socket file `name` in the first of `directories` that is there, or can be made, and belongs
  /// to this user alone. A file of that name is replaced. A client has `patience` for its request, and as
  /// much to take the answer. `log` outlives the server.
  static Result<std::unique_ptr<ControlServer>> listen(const std::vector<std::string>& directories,
                                                       const std::string& name, Handlers handlers, Log& log,
                                                       Duration patience = std::chrono::seconds{5});
  /// Waits for a handler that runs, and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  ControlServer(std::string path, Handlers handlers, Log& log, Duration patience);

  void serve(Descriptor accepted, int stop) const;
  [[nodiscard]] Result<std::string> line_from(int client, int stop) const;
  /// Nothing where a SlowHandler has `done`.
  [[nodiscard]] std::optional<Result<nlohmann::json>> answer_to(const std::string& line,
                                                                const Completion<nlohmann::json>& done) const;
  void note_dropped(const Error& reason) const;

  Log& log_;
  const Handlers handlers_;
  const Duration patience_;
  const std::string path_;
  const ino_t file_;  ///< the socket's inode: another mount may get the same name when this one has ended
  std::unique_ptr<ClientThread> clients_;
};

}  // namespace blobmount
