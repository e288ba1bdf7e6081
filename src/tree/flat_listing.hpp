#pragma once

/// All that is below a directory, listed without a delimiter, and divided into the snapshots of its
/// subdirectories as they are passed. It keeps some way ahead of who uses them, and no more.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "tree/names.hpp"
#include "tree/page_stream.hpp"
#include "tree/snapshot_shelf.hpp"

namespace blobmount {

/// Safe to use from any thread. Completions run with no lock held.
class FlatListing final : public PageReader<BlobPage>, public std::enable_shared_from_this<FlatListing> {
 public:
  /// A directory's snapshot is kept, in place of `old`, if there was one. With no lock held.
  using OnListed =
      std::function<void(const Location& where, const SharedSnapshot& old, const DirectorySnapshot& fresh)>;

  /// All of it outlives the listing. The snapshot of `where` itself is not made.
  FlatListing(BlobStore& store, SnapshotShelf& snapshots, MemoryBudget& budget, Clock& clock, Location where,
              OnListed on_listed);

  void start();

  /// Whether it will tell of `directory`, or is just doing so.
  [[nodiscard]] bool covers(const Location& directory) const BM_EXCLUDES(mutex_);
  /// `done` gets the snapshot when it is complete, or an Error: it does not come from here, or not soon.
  void wait_for(const Location& directory, Completion<SharedSnapshot> done) BM_EXCLUDES(mutex_);
  /// Its snapshot, which was kept, was of use.
  void used(const Location& directory) BM_EXCLUDES(mutex_);
  /// Ask for nothing more; nor if it is yet to start.
  void stop() BM_EXCLUDES(mutex_);
  [[nodiscard]] bool ended() const BM_EXCLUDES(mutex_);
  /// It has saved as many listings as it cost.
  [[nodiscard]] bool paid_off() const BM_EXCLUDES(mutex_);
  /// It ended because the service does not list by name.
  [[nodiscard]] bool not_by_name() const BM_EXCLUDES(mutex_);
  /// When somebody waited for it, or used what came of it.
  [[nodiscard]] SteadyTime last_use() const BM_EXCLUDES(mutex_);

  void ask(std::string marker, NextKnown next_known, Completion<BlobPage> done) override;
  bool wants_more() override BM_EXCLUDES(mutex_);
  void take(BlobPage page, SteadyTime asked) override BM_EXCLUDES(mutex_);
  void ended(Status outcome) override BM_EXCLUDES(mutex_);

 private:
  /// A directory that the listing is in.
  struct Open {
    std::string path;
    SharedSnapshot snapshot;
    std::size_t blobs = 0;  ///< that have come, without those in its subdirectories
    BlobPage page{};        ///< of it, what has come with the flat page at hand
  };
  struct Waiting {
    std::string path{};
    std::size_t pages = 0;  ///< that had come when it began to wait
    Completion<SharedSnapshot> done{};
  };
  /// What is to be done once the lock is free.
  struct Actions {
    std::vector<Open> complete{};
    std::vector<Waiting> given_up{};
  };

  void divide(BlobPage page, SteadyTime asked, Actions& actions) BM_REQUIRES(mutex_);
  void leave(const std::string& name, Actions& actions) BM_REQUIRES(mutex_);
  void pass_markers(const std::string& name, SteadyTime asked, Actions& actions) BM_REQUIRES(mutex_);
  void leave_empty(std::string path, SteadyTime asked, Actions& actions) BM_REQUIRES(mutex_);
  void place(ListedBlob blob, SteadyTime asked) BM_REQUIRES(mutex_);
  void flush(Open& open) BM_REQUIRES(mutex_);
  void close(Actions& actions) BM_REQUIRES(mutex_);
  void give_up_on_far(Actions& actions) BM_REQUIRES(mutex_);
  void carry_out(Actions actions) BM_EXCLUDES(mutex_);
  void deliver(const Open& open) BM_EXCLUDES(mutex_);
  [[nodiscard]] std::shared_ptr<PageStream<BlobPage>> current_stream() const BM_EXCLUDES(mutex_);

  BlobStore& store_;
  SnapshotShelf& snapshots_;
  MemoryBudget& budget_;
  Clock& clock_;
  const Location where_;
  const OnListed on_listed_;

  mutable Mutex mutex_;
  std::shared_ptr<PageStream<BlobPage>> stream_ BM_GUARDED_BY(mutex_);
  std::string last_ BM_GUARDED_BY(mutex_);  ///< the blob told last
  /// When the page was asked for that said where the next one begins.
  std::optional<SteadyTime> marker_asked_ BM_GUARDED_BY(mutex_);
  std::size_t pages_ BM_GUARDED_BY(mutex_) = 0;
  SteadyTime page_asked_ BM_GUARDED_BY(mutex_){};  ///< for the page at hand, when
  std::vector<Open> open_ BM_GUARDED_BY(mutex_);   ///< outermost first
  /// Directories that have a marker; whether there is anything in them is not known before they are passed.
  std::set<std::string> markers_ BM_GUARDED_BY(mutex_);
  /// Left, but not on the shelf yet.
  std::unordered_map<std::string, SharedSnapshot> leaving_ BM_GUARDED_BY(mutex_);
  std::vector<Waiting> waiting_ BM_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::size_t> unused_ BM_GUARDED_BY(mutex_);  ///< blobs of directories
  /// All that came, without those in directories that were of use.
  std::size_t blobs_unused_ BM_GUARDED_BY(mutex_) = 0;
  std::size_t uses_ BM_GUARDED_BY(mutex_) = 0;  ///< directories
  SteadyTime last_use_ BM_GUARDED_BY(mutex_);
  MemoryBudget::Charge next_page_ BM_GUARDED_BY(mutex_);  ///< while one is on its way, after the first
  bool ended_ BM_GUARDED_BY(mutex_) = false;
  bool not_by_name_ BM_GUARDED_BY(mutex_) = false;
};

}  // namespace blobmount
