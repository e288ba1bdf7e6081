#pragma once

/// What is known about the entries of one directory, how old that knowledge is, and the requests that renew
/// it. Those who ask for the same thing at the same time share one request, as far as its answer is not too
/// old for them.

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
#include "tree/names.hpp"
#include "tree/snapshot_shelf.hpp"

namespace blobmount {

/// What a directory says of a name. It was so at some time from `asked` to `told`; a long listing takes
/// minutes.
struct Found {
  std::optional<KnownEntry> entry{};  ///< nothing: the name is absent
  SteadyTime asked{};
  SteadyTime told{};
};

/// How old an answer may be: where it says that the name is there, and where it says that it is absent. An
/// age of 0 is always too old.
struct MaximumAge {
  Duration present{0};
  Duration absent{0};
  /// Whether `present` counts from when the answer was told, not from when it was asked for. Then the entries
  /// of a listing can be used however long it took.
  bool since_told = false;
};

/// Safe to use from any thread. Completions run exactly once, maybe before the call returns, with no lock
/// held.
class Directory final : public std::enable_shared_from_this<Directory> {
 public:
  /// All but `where` outlive it.
  Directory(BlobStore& store, SnapshotShelf& snapshots, Clock& clock, Log& log, Location where)
      : store_(store), snapshots_(snapshots), clock_(clock), log_(log), where_(std::move(where)) {}
  ~Directory() { snapshots_.drop(snapshot_.lock()); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] const Location& where() const { return where_; }

  /// `name` is a file name.
  void look_up(const std::string& name, MaximumAge age, Completion<Found> done) BM_EXCLUDES(mutex_);
  void list(Duration maximum_age, Completion<SharedSnapshot> done) BM_EXCLUDES(mutex_);
  /// What is known of `name` has been proved wrong: ask again.
  void doubt(const std::string& name) BM_EXCLUDES(mutex_);

 private:
  /// Those who wait for one answer.
  template <typename T>
  struct Request {
    SteadyTime asked;
    std::vector<Completion<T>> waiting;
    /// For whom its answer may be too old: they share the next request.
    std::vector<Completion<T>> late;
  };

  template <typename T>
  static std::vector<Completion<T>> take_waiting(Request<T>& request, bool succeeded, SteadyTime now);

  [[nodiscard]] std::optional<Found> known(const std::string& name) const BM_REQUIRES(mutex_);
  [[nodiscard]] bool doubted(const std::string& name, SteadyTime asked) const BM_REQUIRES(mutex_);
  void resolve(const std::string& name, SteadyTime asked);
  void resolved(const std::string& name, Result<Found> found) BM_EXCLUDES(mutex_);
  void start_listing();
  void listed(Result<DirectorySnapshot> snapshot) BM_EXCLUDES(mutex_);
  void drop_old_answers() BM_REQUIRES(mutex_);

  BlobStore& store_;
  SnapshotShelf& snapshots_;
  Clock& clock_;
  Log& log_;
  const Location where_;

  mutable Mutex mutex_;
  /// The shelf keeps it, as long as there is room.
  std::weak_ptr<const DirectorySnapshot> snapshot_ BM_GUARDED_BY(mutex_);
  /// Names asked for one by one since the snapshot was.
  std::unordered_map<std::string, Found> answers_ BM_GUARDED_BY(mutex_);
  /// Names of which nothing is true that was asked for at that time or before.
  std::unordered_map<std::string, SteadyTime> doubts_ BM_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Request<Found>> resolving_ BM_GUARDED_BY(mutex_);
  std::optional<Request<SharedSnapshot>> listing_ BM_GUARDED_BY(mutex_);
  bool said_left_out_ BM_GUARDED_BY(mutex_) = false;
};

}  // namespace blobmount
