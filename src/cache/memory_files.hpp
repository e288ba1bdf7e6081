#pragma once

/// Versions that are whole in memory, as files that only memory holds: what the kernel reads by itself where
/// there is no disk tier.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "blobmount/byte_source.hpp"
#include "blobmount/local_files.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"
#include "base/memory_budget.hpp"
#include "base/worker_pool.hpp"
#include "cache/memory_tier.hpp"

namespace blobmount {

/// Safe to use from any thread.
class MemoryFiles final : public LocalFiles {
 public:
  /// The files take a quarter of the tier's budget at most, and are charged to it. `memory` and `log` outlive
  /// it.
  MemoryFiles(MemoryTier& memory, Log& log);
  ~MemoryFiles() override { stop(); }
  MemoryFiles(const MemoryFiles&) = delete;
  MemoryFiles& operator=(const MemoryFiles&) = delete;

  /// One whose pages are all in memory is copied from now on, for who asks next.
  std::optional<LocalFile> local_file(const BlobVersion& version) override BM_EXCLUDES(mutex_);

  /// Drop those that are not in use. What they took; bytes.
  std::uint64_t clear() BM_EXCLUDES(mutex_);

  /// What the files take; bytes.
  [[nodiscard]] std::uint64_t bytes() const BM_EXCLUDES(mutex_);

  /// Give up what is being copied, and end the thread. What was handed out stays readable.
  void stop();

 private:
  struct Copy {
    std::string key{};
    std::shared_ptr<const int> file{};  ///< its descriptor; shared by those who use it
    std::uint64_t space = 0;            ///< what it takes; bytes
    std::uint64_t used = 0;             ///< the turn at which it was asked for last
  };
  using Copies = std::list<Copy>;

  [[nodiscard]] bool may_copy(const std::string& key, std::uint64_t space) const BM_REQUIRES(mutex_);
  /// The turn at which it was asked for before; 0: it was not, as far as is remembered.
  std::uint64_t note_asked(const std::string& key) BM_REQUIRES(mutex_);
  void copy(const SharedVersion& version, std::uint64_t asked_before) BM_EXCLUDES(mutex_);
  void done_with(const BlobVersion& version) BM_EXCLUDES(mutex_);
  /// Charge `space`, for one that was asked for at that turn: those that were not used since make room for
  /// it. So who reads more in a circle than there is room for keeps what is there. False: there is no room.
  bool take(std::uint64_t space, std::uint64_t asked_before, Copies& evicted) BM_EXCLUDES(mutex_);
  void evict(Copies::iterator unused, Copies& evicted) BM_REQUIRES(mutex_);

  MemoryTier& memory_;
  Log& log_;
  const std::uint64_t most_;
  const std::size_t most_files_;
  std::atomic<bool> stopped_{false};

  mutable Mutex mutex_;
  Copies copies_ BM_GUARDED_BY(mutex_);  ///< the least recently used first
  std::unordered_map<std::string, Copies::iterator> places_ BM_GUARDED_BY(mutex_);
  std::unordered_set<std::string> waiting_ BM_GUARDED_BY(mutex_);  ///< to be copied, or being copied
  std::uint64_t turn_ BM_GUARDED_BY(mutex_) = 0;                   ///< one for each question
  /// By a hash of the key, when it was asked for. Two that have the same are taken for one: no harm.
  std::unordered_map<std::size_t, std::uint64_t> asked_ BM_GUARDED_BY(mutex_);
  MemoryBudget::Charge charge_ BM_GUARDED_BY(mutex_);

  WorkerPool thread_{"memory-files", 1};
};

}  // namespace blobmount
