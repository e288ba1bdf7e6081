#pragma once

/// The clients of a socket that listens, taken one after the other, on a thread of their own.

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "blobmount/result.hpp"

#include "cache/system_files.hpp"

namespace blobmount {

class ClientThread {
 public:
  /// Serves a client. When `stop` becomes readable, it should end soon. Whom it throws for is dropped.
  using Serve = std::function<void(Descriptor client, int stop)>;

  /// `listener` does not block. The thread is called `name`.
  static Result<std::unique_ptr<ClientThread>> start(const std::string& name, Descriptor listener,
                                                     Serve serve);
  /// Waits for the client that is being served.
  ~ClientThread();
  ClientThread(const ClientThread&) = delete;
  ClientThread& operator=(const ClientThread&) = delete;

 private:
  ClientThread(Descriptor listener, Serve serve);

  void run();
  void serve_next();

  const Descriptor listener_;
  const Serve serve_;
  const Descriptor stop_;  ///< an eventfd
  std::thread thread_;
};

}  // namespace blobmount
