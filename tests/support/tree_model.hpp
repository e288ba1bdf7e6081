#pragma once

/// What a service has been, and what a mount of it may show: docs/semantics.md in a form that can be checked,
/// whoever it is that looks (by FileSystem, or by system calls).

#include <cstdint>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/synthetic_content.hpp"

namespace blobmount::tests {

/// BLOBMOUNT_TEST_SEED, or another one each time.
std::uint64_t seed_of_run();

/// A value.
class Dice {
 public:
  explicit Dice(std::uint64_t seed);
  std::uint64_t below(std::uint64_t limit);
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::uint64_t state_;
};

/// What a path leads to: a version of a blob, a directory, both (then the directory is shown), or nothing.
struct State {
  std::uint64_t version = 0;
  bool directory = false;

  [[nodiscard]] bool absent() const { return version == 0 && !directory; }
  [[nodiscard]] bool file() const { return version != 0; }
  bool operator==(const State&) const = default;
};

/// All that ever was, by time. A value.
class History {
 public:
  void now_is(const std::string& path, State state, SteadyTime now);
  [[nodiscard]] State current(const std::string& path) const;
  /// What it was at any time from `begin` to `end`.
  [[nodiscard]] std::vector<State> states(const std::string& path, SteadyTime begin, SteadyTime end) const;
  /// All paths that ever led anywhere.
  [[nodiscard]] std::vector<std::string> paths() const;

 private:
  struct Change {
    SteadyTime at;
    State state;
  };
  std::map<std::string, std::vector<Change>> changes_;
};

struct Version {
  std::string path;
  std::uint64_t size = 0;
};

/// The bytes of version `number` of all that was put.
SyntheticContent bytes_of_version(std::uint64_t number);

/// A container "c", and what it has been. Safe to use from any thread.
class World {
 public:
  /// Both outlive it.
  World(FakeBlobStore& store, ManualClock& clock);

  /// `size` is of no other version: it tells them apart.
  void put(const std::string& path, std::uint64_t size) BM_EXCLUDES(mutex_);
  /// "d/" is a blob of that name, "d" one with hdi_isfolder.
  void put_marker(const std::string& blob) BM_EXCLUDES(mutex_);
  void remove(const std::string& blob) BM_EXCLUDES(mutex_);
  /// What was known of `path` at `begun`, and all below it, is forgotten by now; empty: everything.
  void refreshed(const std::string& path, SteadyTime begun) BM_EXCLUDES(mutex_);

  [[nodiscard]] SteadyTime now() const { return clock_.now(); }
  [[nodiscard]] Version version(std::uint64_t number) const BM_EXCLUDES(mutex_);
  [[nodiscard]] State current(const std::string& path) const BM_EXCLUDES(mutex_);
  /// What an answer may show that was asked for at `since` and may be so old, and that comes now.
  [[nodiscard]] std::vector<State> states(const std::string& path, SteadyTime since, Duration age) const
      BM_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::string> paths() const BM_EXCLUDES(mutex_);

 private:
  struct Refresh {
    std::string path;
    SteadyTime begun, done;
  };

  void note(std::string path) BM_REQUIRES(mutex_);
  [[nodiscard]] SteadyTime last_refresh(const std::string& path, SteadyTime until) const BM_REQUIRES(mutex_);

  FakeBlobStore& store_;
  ManualClock& clock_;
  const SteadyTime begin_ = clock_.now();

  mutable Mutex mutex_;
  History history_ BM_GUARDED_BY(mutex_);
  std::vector<Version> versions_ BM_GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t> blobs_ BM_GUARDED_BY(mutex_);  ///< their versions; 0: a marker
  std::vector<Refresh> refreshes_ BM_GUARDED_BY(mutex_);
};

/// How old an answer may be, as docs/semantics.md says it; listings that a walk made are the walk's.
struct Promise {
  Duration shown, absent, opened, listed;
};

/// Each fails the test where what was seen breaks the promise. `since` is when it was asked for. Safe to use
/// from any thread.
class PromiseCheck {
 public:
  /// `world` outlives it.
  PromiseCheck(const World& world, const Promise& promise) : world_(world), promise_(promise) {}
  [[nodiscard]] const Promise& promise() const { return promise_; }

  /// `path` is shown as a directory, or a file of that size.
  void shown(const std::string& path, FileKind kind, std::uint64_t size, SteadyTime since,
             Duration age) const;
  void absent(const std::string& path, SteadyTime since) const;
  /// Said of a path to something that is above it.
  void below_a_file(const std::string& path, SteadyTime since) const;
  /// The version that was opened at `path`, which shows that size; 0 is a failure.
  [[nodiscard]] std::uint64_t opened(const std::string& path, std::uint64_t size, SteadyTime since) const;
  /// `path`, which was shown with that size, cannot be opened.
  void not_opened(const std::string& path, std::uint64_t size, SteadyTime since,
                  const std::string& why) const;
  /// Nothing more can be read of `version`.
  void not_read(std::uint64_t version, const std::string& why) const;
  [[nodiscard]] bool is_gone(std::uint64_t version) const;
  void bytes(std::uint64_t version, std::uint64_t offset, std::span<const std::byte> read) const;
  void listed(const std::string& path, FileKind kind, SteadyTime opened) const;
  /// No name is missing that was there all the time. `above` is empty, or ends with '/'.
  void complete(const std::string& above, const std::set<std::string>& names, SteadyTime opened) const;

 private:
  /// The one that was at `path` in that time, and has that size; 0: none.
  [[nodiscard]] std::uint64_t version_of(const std::string& path, std::uint64_t size, SteadyTime since,
                                         Duration age) const;

  const World& world_;
  const Promise promise_;
};

/// A consistency and what it promises.
struct TreeModelCase {
  std::string name;
  Consistency consistency;
  Promise promise;
  bool directories;  ///< without subdirectories there are no walks
};
void PrintTo(const TreeModelCase& row, std::ostream* out);

inline constexpr Duration attr_ttl_of_model = std::chrono::seconds{1};
const std::vector<TreeModelCase>& tree_model_cases();

}  // namespace blobmount::tests
