#pragma once

/// What is known about the entries of one directory, how old that knowledge is, and the requests that renew
/// it. Those who ask for the same thing at the same time share one request, as far as its answer is not too
/// old for them.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"
#include "tree/directory_snapshot.hpp"
#include "tree/listing.hpp"
#include "tree/names.hpp"
#include "tree/snapshot_shelf.hpp"
#include "tree/walks.hpp"

namespace blobmount {

/// What a directory says of a name. It was so when it was `asked` for, or later.
struct Found {
  std::optional<KnownEntry> entry{};             ///< nothing: the name is absent
  SteadyTime asked{};                            ///< of an entry of a listing: its page
  std::shared_ptr<const BlobDetails> details{};  ///< null: a listing has them, if any
};

/// How old an answer may be: where it says that the name is there, and where it says that it is absent. An
/// age of 0 is always too old.
struct MaximumAge {
  Duration present{0};
  Duration absent{0};
};

/// The same for what else is known of a blob, by who said it: a listing does not tell a blob's version id.
struct DetailsAge {
  Duration answered{0};
  Duration listed{0};
};

/// The same for all entries of a directory.
struct ListingAge {
  Duration opened{0};
  /// Where it was listed ahead of a walk that had begun already.
  Duration walked{0};
};

/// What directories have in common; all of it outlives them.
struct DirectoryContext {
  BlobStore& store;
  SnapshotShelf& snapshots;
  Walks& walks;
  const ContainerFilter& containers;
  MemoryBudget& budget;
  Clock& clock;
  Log& log;
  /// Is told the names whose entry is not what it was, with no lock held.
  std::function<void(InodeId directory, const std::string& name)> on_change{};
};

/// Safe to use from any thread. Completions run exactly once, maybe before the call returns, with no lock
/// held.
class Directory final : public std::enable_shared_from_this<Directory> {
 public:
  Directory(const DirectoryContext& context, InodeId inode, Location where)
      : context_(context),
        inode_(inode),
        where_(std::move(where)),
        charge_(context.budget, 0, MemoryPurpose::listings) {}
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] InodeId inode() const { return inode_; }
  [[nodiscard]] const Location& where() const { return where_; }

  /// `name` is a file name.
  void look_up(const std::string& name, MaximumAge age, Completion<Found> done) BM_EXCLUDES(mutex_);
  /// The same for a name that was known to be a blob's: one request says whether it still is that version.
  void renew(const std::string& name, MaximumAge age, Completion<Found> done) BM_EXCLUDES(mutex_);
  /// The snapshot has entries to show, or is empty; more may be on their way.
  void list(const ListingAge& age, Completion<SharedSnapshot> done) BM_EXCLUDES(mutex_);
  /// What is known of that version of a blob besides: its tier can change, so the service is asked where
  /// nothing is known that is young enough. `changed`: it has another version by now.
  void details(const std::string& name, const std::string& etag, const DetailsAge& age,
               Completion<BlobDetails> done) BM_EXCLUDES(mutex_);
  /// The latest listing that is complete; null: none is kept.
  [[nodiscard]] SharedSnapshot latest() const { return context_.snapshots.find(where_); }

  /// A walk has listed it, too: `fresh` took the place of `old`, if any.
  void adopt(const SharedSnapshot& old, const DirectorySnapshot& fresh) BM_EXCLUDES(mutex_);

  /// The kernel will believe for `age` that there is no `name`. False: it must not, there are too many such.
  bool note_absent(const std::string& name, Duration age) BM_EXCLUDES(mutex_);
  /// Those that it may still believe; not noted any more.
  std::vector<std::string> take_noted_absent() BM_EXCLUDES(mutex_);

  /// Whether it is known that `name` is a directory, and the kernel does not believe it to be absent.
  [[nodiscard]] bool shows_directory(const std::string& name) const BM_EXCLUDES(mutex_);

  /// What is known of `name` has been proved wrong: ask again.
  void doubt(const std::string& name) BM_EXCLUDES(mutex_);
  /// The same for all names.
  void doubt_all() BM_EXCLUDES(mutex_);
  /// Which names there are: list again.
  void doubt_listing() BM_EXCLUDES(mutex_);
  /// Whether more is known of `name` than what was `asked` for at that time: it has been proved wrong, or
  /// something younger said of it, but in `listing`.
  [[nodiscard]] bool outdated(const std::string& name, SteadyTime asked,
                              const SharedSnapshot& listing = nullptr) const BM_EXCLUDES(mutex_);

 private:
  /// Those who wait for one answer.
  template <typename T>
  struct Request {
    SteadyTime asked;
    std::vector<Completion<T>> waiting;
    /// For whom its answer may be too old: they share the next request.
    std::vector<Completion<T>> late;
  };
  enum class Question : std::uint8_t { anything, same_blob };

  template <typename T>
  static std::vector<Completion<T>> take_waiting(Request<T>& request, bool succeeded, SteadyTime now);

  void ask(const std::string& name, MaximumAge age, Question question, Completion<Found> done)
      BM_EXCLUDES(mutex_);
  [[nodiscard]] std::optional<Found> last_said(const std::string& name) const BM_REQUIRES(mutex_);
  [[nodiscard]] std::optional<Found> known(const std::string& name) const BM_REQUIRES(mutex_);
  [[nodiscard]] bool doubted(const std::string& name, SteadyTime asked) const BM_REQUIRES(mutex_);
  void resolve(const std::string& name, SteadyTime asked, Question question);
  void resolved(const std::string& name, Result<Found> found) BM_EXCLUDES(mutex_);
  [[nodiscard]] bool usable(const DirectorySnapshot& snapshot, const ListingAge& age, SteadyTime now) const
      BM_REQUIRES(mutex_);
  [[nodiscard]] bool comes_in_time(const DirectorySnapshot& snapshot, const ListingAge& age,
                                   SteadyTime now) const BM_EXCLUDES(mutex_);
  void start_listing(SteadyTime asked, const ListingAge& age) BM_EXCLUDES(mutex_);
  void list_alone(SteadyTime asked, const ListingAge& age) BM_EXCLUDES(mutex_);
  void walked(Result<SharedSnapshot> snapshot, const ListingAge& age) BM_EXCLUDES(mutex_);
  void begun(Result<SharedSnapshot> snapshot, const ListingAge& age) BM_EXCLUDES(mutex_);
  void listed(const SharedSnapshot& snapshot) BM_EXCLUDES(mutex_);
  [[nodiscard]] std::optional<BlobDetails> known_details(const std::string& name, const std::string& etag,
                                                         const DetailsAge& age) const BM_EXCLUDES(mutex_);
  void drop_old_answers() BM_REQUIRES(mutex_);
  /// For what is known of names one by one; after each change of that.
  void charge() BM_REQUIRES(mutex_);
  [[nodiscard]] std::vector<std::string> answered_otherwise(const DirectorySnapshot& fresh) const
      BM_REQUIRES(mutex_);

  const DirectoryContext& context_;
  const InodeId inode_;
  const Location where_;

  mutable Mutex mutex_;
  MemoryBudget::Charge charge_ BM_GUARDED_BY(mutex_);
  /// A listing that is under way, and has entries to show.
  std::weak_ptr<DirectorySnapshot> growing_ BM_GUARDED_BY(mutex_);
  /// Names asked for one by one since the snapshot was.
  std::unordered_map<std::string, Found> answers_ BM_GUARDED_BY(mutex_);
  /// Names of which nothing is true that was asked for at that time or before.
  std::unordered_map<std::string, SteadyTime> doubts_ BM_GUARDED_BY(mutex_);
  std::optional<SteadyTime> all_doubted_ BM_GUARDED_BY(mutex_);
  /// When the latest listing was asked for that came to its end, also where it is not kept any more: what was
  /// asked for before is not true any more.
  SteadyTime listed_ BM_GUARDED_BY(mutex_) = SteadyTime::min();
  std::optional<SteadyTime> listing_doubted_ BM_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Request<Found>> resolving_ BM_GUARDED_BY(mutex_);
  std::optional<Request<SharedSnapshot>> listing_ BM_GUARDED_BY(mutex_);
  /// Names that the kernel believes to be absent, and until when.
  std::unordered_map<std::string, SteadyTime> noted_absent_ BM_GUARDED_BY(mutex_);
  bool said_left_out_ BM_GUARDED_BY(mutex_) = false;
};

}  // namespace blobmount
