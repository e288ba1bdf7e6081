#pragma once

/// The VM's metadata endpoint for managed identities, as strict as the real one, with troubles that tests can
/// order. https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
///
/// Scripts order them over HTTP: GET /fake/stats, POST /fake/settings with any of
/// {"lifetime": SECONDS, "system_assigned": BOOL, "outage": "none" | "silence" | STATUS}.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/http_server.hpp"

namespace blobmount::tests {

/// A managed identity of the fake VM.
struct FakeIdentity {
  std::string client_id, object_id;
  std::string resource_id;  ///< empty: the system-assigned one

  bool operator==(const FakeIdentity&) const = default;
};

/// Safe to use from any thread.
class IdentityEndpoint {
 public:
  /// Listens when this returns; the VM has a system-assigned identity. Port 0: the kernel chooses.
  explicit IdentityEndpoint(int port = 0);

  /// http://127.0.0.1:PORT/: what AZURE_POD_IDENTITY_AUTHORITY_HOST is set to.
  [[nodiscard]] Url url() const { return server_.url(); }
  [[nodiscard]] int port() const { return server_.port(); }

  /// How long tokens live from now on.
  void set_lifetime(std::chrono::seconds lifetime) BM_EXCLUDES(mutex_);
  /// Give the same token again while it lives, as the real one does, which keeps them for hours.
  void keep_tokens() BM_EXCLUDES(mutex_);
  /// Give an identity to the VM, or take it away; tokens out already stay good.
  void add(const FakeIdentity& identity) BM_EXCLUDES(mutex_);
  void remove(const FakeIdentity& identity) BM_EXCLUDES(mutex_);

  /// From now on, answer every request with `status`, as the real one does: 500, 410 while it is updated,
  /// 429; or accept and say nothing. end_outage() ends both.
  void fail_with(int status) BM_EXCLUDES(mutex_);
  void fall_silent() BM_EXCLUDES(mutex_);
  void end_outage() BM_EXCLUDES(mutex_);

  /// Token requests since the start, whatever came of them; and the tokens given out, in order.
  [[nodiscard]] std::uint64_t requests() const BM_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::string> issued() const BM_EXCLUDES(mutex_);

  static FakeIdentity system_assigned();

 private:
  enum class Outage { none, status, silence };
  struct Answer {
    int status = 0;
    std::string body{};
    bool silence = false;
  };
  using Time = std::chrono::sys_seconds;
  struct Kept {
    std::string token;
    Time not_before, expires;
  };

  void answer(const ServedRequest& request, Reply& reply) BM_EXCLUDES(mutex_);
  Answer answer_token_request(const ServedRequest& request) BM_EXCLUDES(mutex_);
  Answer answer_order(const ServedRequest& request) BM_EXCLUDES(mutex_);
  Answer issue(const FakeIdentity& identity, const std::string& resource) BM_REQUIRES(mutex_);
  Kept make(const FakeIdentity& identity, const std::string& resource, Time now) BM_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::vector<FakeIdentity> identities_ BM_GUARDED_BY(mutex_){system_assigned()};
  std::chrono::seconds lifetime_ BM_GUARDED_BY(mutex_){86399};
  Outage outage_ BM_GUARDED_BY(mutex_) = Outage::none;
  int outage_status_ BM_GUARDED_BY(mutex_) = 500;
  bool keeps_tokens_ BM_GUARDED_BY(mutex_) = false;
  std::map<std::string, Kept> kept_ BM_GUARDED_BY(mutex_);  ///< by client id and resource
  std::uint64_t requests_ BM_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> issued_ BM_GUARDED_BY(mutex_);

  HttpServer server_;
};

}  // namespace blobmount::tests
