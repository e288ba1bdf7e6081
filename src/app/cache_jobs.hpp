#pragma once

/// What an operator has done with the caches of a mount: one job at a time, on a thread of its own, so that
/// others are answered meanwhile.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "blobmount/result.hpp"

#include "app/control_server.hpp"
#include "base/annotated_mutex.hpp"
#include "base/worker_pool.hpp"
#include "cache/disk_care.hpp"
#include "cache/disk_tier.hpp"
#include "cache/memory_files.hpp"
#include "cache/memory_tier.hpp"

namespace blobmount {

/// Where a mount keeps bytes of blobs.
struct MountCaches {
  MemoryTier& memory;
  MemoryFiles* memory_files = nullptr;  ///< null: there are none
  DiskTier* disk = nullptr;             ///< null: there is none
  /// Have the kernel drop what it keeps; `done` runs on any thread, maybe before that returns.
  std::function<void(std::function<void()> done)> drop_kernel_pages{};
};

/// Safe to use from any thread. Ends before DiskTier::stop().
class CacheJobs {
 public:
  /// How one job is called, and no other.
  using Number = std::uint64_t;

  /// All of `caches` outlive it.
  explicit CacheJobs(MountCaches caches) : caches_(std::move(caches)) {}
  /// Has the job that runs end soon, and waits for that.
  ~CacheJobs();
  CacheJobs(const CacheJobs&) = delete;
  CacheJobs& operator=(const CacheJobs&) = delete;

  /// `busy` while another one runs.
  Result<Number> clear() BM_EXCLUDES(mutex_);
  /// unsupported where there is no disk cache.
  Result<Number> verify() BM_EXCLUDES(mutex_);
  /// docs/control-protocol.md has the members. not_found: of the latest ones only is it remembered.
  [[nodiscard]] Result<nlohmann::json> state(Number number) const BM_EXCLUDES(mutex_);

 private:
  struct Job {
    Number number = 0;
    std::string action{};
    DiskProgress disk{};
    std::atomic<std::uint64_t> memory_bytes{0};
    std::string failure{};  ///< its thread's, until it no longer runs; empty: it came to its end
    std::atomic<bool> running{true};
  };
  using Run = void (CacheJobs::*)(Job&);
  Result<Number> start(const std::string& action, Run run) BM_EXCLUDES(mutex_);
  void carry_out(Job& job, Run run);
  void run_clear(Job& job);
  void run_verify(Job& job);
  void drop_kernel_pages(const Job& job);

  const MountCaches caches_;

  mutable Mutex mutex_;
  Number latest_ BM_GUARDED_BY(mutex_) = 0;
  std::deque<std::shared_ptr<Job>> jobs_ BM_GUARDED_BY(mutex_);  ///< the latest last

  WorkerPool thread_{"cache-job", 1};
};

/// The command `cache`. `jobs` outlives the ControlServer.
ControlServer::Handlers commands_for(CacheJobs& jobs);

}  // namespace blobmount
