#pragma once

/// Recognises that the small files of a directory are read one after another, and fetches the next ones
/// before they are opened: more of them, the longer that goes well.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "cache/memory_tier.hpp"
#include "tree/directory.hpp"
#include "tree/reading_order.hpp"

namespace blobmount {

/// Safe to use from any thread.
class FilesAhead {
 public:
  /// `memory` and `clock` outlive it. What is known of a file is renewed, too, where it is older than
  /// `longest_known` by then: who opens it would have to.
  FilesAhead(MemoryTier& memory, Clock& clock, Duration longest_known)
      : memory_(memory), clock_(clock), longest_known_(longest_known) {}
  FilesAhead(const FilesAhead&) = delete;
  FilesAhead& operator=(const FilesAhead&) = delete;

  /// `entry` of `directory` is opened, to be read. The reader of `version`, with what has been fetched ahead.
  std::unique_ptr<MemoryTier::Reader> open(const std::shared_ptr<Directory>& directory,
                                           const KnownEntry& entry, SharedVersion version)
      BM_EXCLUDES(mutex_);
  /// What it knows of `where`, and of all that is below it, may be wrong.
  void forget_below(const Location& where) BM_EXCLUDES(mutex_);

 private:
  /// The files of one directory, while they are being read.
  struct Sequence {
    std::string place;
    SharedSnapshot snapshot;
    ReadingOrder order;
    std::size_t window = 0;  ///< files
    SteadyTime last_opened{};
    Duration pace{0};  ///< from one file to the next
    // what comes before them has been, too
    std::optional<std::size_t> last_fetched{}, last_renewed{};
    std::unordered_map<std::size_t, std::unique_ptr<MemoryTier::Reader>> readers{};
  };
  /// Most recent first.
  using Sequences = std::list<std::shared_ptr<Sequence>>;
  struct Guess {
    std::size_t index;
    KnownEntry entry;
  };
  struct Guesses {
    std::shared_ptr<Sequence> sequence{};
    std::vector<Guess> files{};
    std::vector<std::string> renewals{};
    std::vector<std::unique_ptr<MemoryTier::Reader>> wrong{};  ///< whose fetches end with them
    std::unique_ptr<MemoryTier::Reader> right{};
  };

  void drop_idle();
  void drop_if(const std::function<bool(const Sequence&)>& unwanted) BM_EXCLUDES(mutex_);
  Guesses guess(const Directory& directory, const KnownEntry& entry) BM_EXCLUDES(mutex_);
  std::shared_ptr<Sequence> sequence_of(const Directory& directory, const SharedSnapshot& snapshot,
                                        Guesses& guesses) BM_REQUIRES(mutex_);
  void keep_pace(Sequence& sequence) BM_REQUIRES(mutex_);
  void extend(Sequence& sequence, Guesses& guesses) BM_REQUIRES(mutex_);
  void extend_renewals(Sequence& sequence, Guesses& guesses) const BM_REQUIRES(mutex_);
  void fetch(const std::shared_ptr<Directory>& directory, Guesses& guesses) BM_EXCLUDES(mutex_);

  MemoryTier& memory_;
  Clock& clock_;
  const Duration longest_known_;

  Mutex mutex_;
  Sequences sequences_ BM_GUARDED_BY(mutex_);
  /// The last directory whose files were read to the end: the next one may go the same way.
  std::size_t last_window_ BM_GUARDED_BY(mutex_) = 0;
  ReadingOrder::By last_order_ BM_GUARDED_BY(mutex_) = ReadingOrder::By::listing;
  SteadyTime last_success_ BM_GUARDED_BY(mutex_){};
};

}  // namespace blobmount
