#pragma once

/// A door in front of Azurite that knows roles, as Azurite does not: refuses like the real service, and else
/// hands on requests and answers byte for byte. Plain http on this side, https on the other.

#include <string>

#include "blobmount/http.hpp"

#include "fakes/http_server.hpp"
#include "fakes/service_access.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class RoleGate {
 public:
  /// `service` is the endpoint of an account; `ca_file` is what its https is trusted by. Listens when this
  /// returns.
  RoleGate(const Url& service, std::string ca_file);

  /// The account's endpoint as seen through the gate: http://127.0.0.1:PORT/ACCOUNT
  [[nodiscard]] Url endpoint() const { return server_.url(account_path_); }

  /// Roles, firewall, refused tokens. At first the role is assigned.
  ServiceAccess& access() { return access_; }

 private:
  void answer(const ServedRequest& request, Reply& reply);
  void hand_on(const ServedRequest& request, Reply& reply) const;

  const std::string service_;  ///< scheme, host and port
  const std::string account_path_;
  const std::string ca_file_;
  ServiceAccess access_;
  HttpServer server_;
};

}  // namespace blobmount::tests
