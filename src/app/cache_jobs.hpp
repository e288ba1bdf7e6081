#pragma once

/// What an operator has done with the caches of a mount: one job at a time, on a thread of its own, so that
/// others are answered meanwhile.

#include <cstdint>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "blobmount/result.hpp"

#include "app/control_server.hpp"
#include "base/annotated_mutex.hpp"
#include "base/worker_pool.hpp"
#include "cache/disk_care.hpp"
#include "cache/disk_tier.hpp"
#include "cache/memory_tier.hpp"

namespace blobmount {

/// Safe to use from any thread. Ends before DiskTier::stop().
class CacheJobs {
 public:
  /// Both outlive it. `disk`: null: there is none.
  CacheJobs(MemoryTier& memory, DiskTier* disk) : memory_(memory), disk_(disk) {}
  /// Has the job that runs end soon, and waits for that.
  ~CacheJobs();
  CacheJobs(const CacheJobs&) = delete;
  CacheJobs& operator=(const CacheJobs&) = delete;

  /// `busy` while another one runs.
  Status clear() BM_EXCLUDES(mutex_);
  /// unsupported where there is no disk cache.
  Status verify() BM_EXCLUDES(mutex_);
  /// Of the latest job; docs/control-protocol.md has the members.
  [[nodiscard]] nlohmann::json state() const BM_EXCLUDES(mutex_);

 private:
  struct Job {
    std::string action{};
    DiskProgress disk{};
    std::atomic<std::uint64_t> memory_bytes{0};
    std::atomic<bool> running{true};
  };
  Status start(const std::string& action, void (CacheJobs::*run)(Job&)) BM_EXCLUDES(mutex_);
  void run_clear(Job& job);
  void run_verify(Job& job);

  MemoryTier& memory_;
  DiskTier* const disk_;

  mutable Mutex mutex_;
  std::shared_ptr<Job> job_ BM_GUARDED_BY(mutex_);  ///< the latest; null: there was none

  WorkerPool thread_{"cache-job", 1};
};

/// The command `cache`. `jobs` outlives the ControlServer.
ControlServer::Handlers commands_for(CacheJobs& jobs);

}  // namespace blobmount
