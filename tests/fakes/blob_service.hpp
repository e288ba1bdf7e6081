#pragma once

/// The Blob service, as much of it as blobmount reads from, in one process, over http or https: for what
/// Azurite cannot do, which is to be slow, huge, far away or broken to order. Paths are those of an emulator:
/// /ACCOUNT/CONTAINER/BLOB.
///
/// Scripts give their orders under /fake/, see blob_service_orders.hpp.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/blob_catalog.hpp"
#include "fakes/fault_rules.hpp"
#include "fakes/http_server.hpp"
#include "fakes/network_model.hpp"
#include "fakes/service_access.hpp"
#include "fakes/service_stats.hpp"

namespace blobmount::tests {

/// Safe to use from any thread; what is set holds for the next request.
class BlobService {
 public:
  /// Listens when this returns. Port 0: the kernel chooses. Nothing for `tls`: plain http.
  explicit BlobService(int port = 0, std::string account = "devstoreaccount1",
                       const std::optional<CertificateFiles>& tls = {});

  /// Of the account: http://127.0.0.1:PORT/ACCOUNT, or https
  [[nodiscard]] Url endpoint() const { return server_.url("/" + account_); }
  [[nodiscard]] int port() const { return server_.port(); }
  [[nodiscard]] std::uint64_t connections() const { return server_.connections(); }
  [[nodiscard]] const TlsContext* tls() const { return server_.tls(); }  ///< null: none

  BlobCatalog& blobs() { return blobs_; }
  FaultRules& faults() { return faults_; }
  ServiceAccess& access() { return access_; }
  ServiceStats& stats() { return stats_; }
  void set_network(const NetworkModel& network) BM_EXCLUDES(mutex_);

 private:
  /// A request in the terms of the service.
  struct Asked {
    RequestKind kind = RequestKind::other;
    std::string container{}, blob{};
    const ServedRequest& request;
  };

  void answer(const ServedRequest& request, Reply& reply);
  [[nodiscard]] Asked understand(const ServedRequest& request) const;
  void serve(const Asked& asked, const std::optional<Fault>& fault, Reply& reply);
  void list_containers(const Asked& asked, const std::optional<Fault>& fault, Reply& reply);
  void get_container(const Asked& asked, Reply& reply);
  void list_blobs(const Asked& asked, const std::optional<Fault>& fault, Reply& reply);
  void get_blob(const Asked& asked, const std::optional<Fault>& fault, Reply& reply);
  [[nodiscard]] NetworkModel network() const BM_EXCLUDES(mutex_);

  const std::string account_;
  BlobCatalog blobs_;
  FaultRules faults_;
  ServiceAccess access_;
  ServiceStats stats_;
  std::atomic<std::uint64_t> served_{0};  ///< numbers requests, so that each has a latency of its own

  mutable Mutex mutex_;
  NetworkModel network_ BM_GUARDED_BY(mutex_);

  HttpServer server_;
};

}  // namespace blobmount::tests
