#pragma once

/// The daemon's end of the control socket: answers what its user and root ask. docs/control-protocol.md

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "base/log.hpp"
#include "cache/system_files.hpp"

namespace blobmount {

class ControlServer {
 public:
  /// Gets the whole request, gives an object whose members go into the answer. Runs on the server's thread,
  /// one at a time: while it runs, nobody else is answered.
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& request)>;
  using Handlers = std::map<std::string, Handler>;  ///< by the command's name

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
  ControlServer(std::string path, Descriptor listener, Handlers handlers, Log& log, Duration patience);

  void run();
  void serve_next_client();
  Status serve(int client);
  [[nodiscard]] Result<nlohmann::json> answer_to(const std::string& line) const;

  Log& log_;
  const Handlers handlers_;
  const Duration patience_;
  const std::string path_;
  const ino_t file_;  ///< the socket's inode: another mount may get the same name when this one has ended
  const Descriptor listener_;
  const Descriptor stop_;  ///< an eventfd
  std::thread thread_;
};

}  // namespace blobmount
