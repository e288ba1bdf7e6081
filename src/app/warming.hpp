#pragma once

/// Fetches files of mounts completely: reads them as anybody would, and sees that they come to be in the
/// cache on disk, checked. The kernel can then read them by itself at their next first open, as many of them
/// as the mount keeps open, and remembers as checked.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "blobmount/result.hpp"

#include "app/progress_line.hpp"
#include "app/warm_queue.hpp"
#include "base/annotated_mutex.hpp"

namespace blobmount {

/// What could not be completed.
struct WarmFailure {
  std::string path{};
  std::string error{};  ///< a sentence for the user
};

/// With threads of its own. Safe to use from any thread.
class Warming {
 public:
  /// Begin with `paths`, files and directories.
  explicit Warming(std::vector<std::string> paths);
  /// Ends what is under way, when its reads have been answered.
  ~Warming();
  Warming(const Warming&) = delete;
  Warming& operator=(const Warming&) = delete;

  /// All is complete, or has failed, and no thread does anything any more: what failed can be taken.
  [[nodiscard]] bool over() const { return running_ == 0; }
  [[nodiscard]] Progress progress() const;
  [[nodiscard]] std::uint64_t already_cached() const {
    return already_cached_;
  }                                             ///< bytes, when they were found
  [[nodiscard]] std::uint64_t fetched() const;  ///< bytes
  /// Those since the last call.
  std::vector<WarmFailure> take_failures() BM_EXCLUDES(mutex_);

 private:
  enum class State : std::uint8_t { unsettled, dropped, complete };

  void begin(const std::string& name, std::function<void()> work);

  // The thread that finds files.
  void walk(const std::vector<std::string>& paths);
  bool found(std::string path, std::uint64_t size);

  using File = std::optional<Descriptor>;  ///< none: there is nothing to be read
  struct Opened {
    WarmJob job;
    Result<File> file;
  };

  // Those that read them.
  void read_all();
  std::optional<Opened> next_opened() BM_EXCLUDES(order_mutex_);
  Result<File> open(WarmJob& job);
  Status look_at(WarmJob& job, Result<PinnedFile> file);
  Status read_or_renew(WarmJob& job, Result<File> file, std::byte* buffer);
  Status read(WarmJob& job, const File& file, std::byte* buffer);
  /// Wait until little of the file is unwritten. False: it is no use to read on.
  Result<bool> keep_pace(WarmJob& job, std::uint64_t offset);

  // The one that sees them completed.
  void settle_all();
  void settle(WarmJob job);
  Result<State> state_of(WarmJob& job);
  void read_again(WarmJob job);
  void complete(WarmJob job);
  void watch_for_eviction();

  void fail(const WarmJob& job, const Error& error);
  void note_failure(const std::string& path, const Error& error) BM_EXCLUDES(mutex_);
  void note_cached(WarmJob& job, std::uint64_t bytes);

  WarmQueue queue_;
  /// Files are opened one after the other, as the walk found them: that order is what a mount recognises, and
  /// fetches ahead in.
  Mutex order_mutex_;
  std::atomic<std::uint64_t> files_found_{0}, files_done_{0}, bytes_found_{0}, bytes_done_{0};
  std::atomic<std::uint64_t> already_cached_{0};
  std::atomic<bool> walked_{false};
  std::atomic<int> running_{0};  ///< threads

  struct Completed {
    std::string path;
    std::unique_ptr<PinnedFile> file;
  };
  /// The first ones, which are evicted first where the cache is too small for all. The last thread's own.
  std::vector<Completed> first_{};

  Mutex mutex_;
  std::vector<WarmFailure> failures_ BM_GUARDED_BY(mutex_);

  std::vector<std::thread> threads_{};
};

}  // namespace blobmount
