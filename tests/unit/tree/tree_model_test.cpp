#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/memory_budget.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/exactly_once.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/random.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/synthetic_content.hpp"
#include "tree/mounted_tree.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using Call = FakeBlobStore::Call;
using SharedFile = std::shared_ptr<OpenFile>;
using SharedDirectory = std::shared_ptr<OpenDirectory>;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int scale = 10;
#else
constexpr int scale = 1;
#endif
constexpr int steps = 60'000 / scale;
constexpr int processes = 4;
/// So long are answers held back at most.
constexpr Duration longest_delay = 3s;
constexpr Duration attr_ttl = 1s;

/// BLOBMOUNT_TEST_SEED, or another one each time.
std::uint64_t seed_of_run() {
  if (const char* const given = std::getenv("BLOBMOUNT_TEST_SEED")) return std::strtoull(given, nullptr, 0);
  return std::random_device{}();
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(mixed(seed)) {}
  std::uint64_t below(std::uint64_t limit) { return mixed(++state_) % limit; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::uint64_t state_;
};

/// The bytes of version `number` of all that was put.
SyntheticContent bytes_of_put(std::uint64_t number) { return SyntheticContent(mixed(number)); }

/// What a path leads to: a version of a blob, a directory, both (then the directory is shown), or nothing.
struct State {
  std::uint64_t version = 0;
  bool directory = false;

  [[nodiscard]] bool absent() const { return version == 0 && !directory; }
  bool operator==(const State&) const = default;
};

/// All that ever was, by time.
class History {
 public:
  void now_is(const std::string& path, State state, SteadyTime now) {
    auto& changes = changes_[path];
    if (changes.empty() ? !state.absent() : changes.back().state != state) changes.push_back({now, state});
  }
  [[nodiscard]] State current(const std::string& path) const {
    const auto found = changes_.find(path);
    return found == changes_.end() ? State{} : found->second.back().state;
  }
  /// What it was at any time from `begin` to `end`.
  [[nodiscard]] std::vector<State> states(const std::string& path, SteadyTime begin, SteadyTime end) const {
    std::vector<State> states;
    State before;
    const auto found = changes_.find(path);
    if (found != changes_.end()) {
      for (const auto& change : found->second) {
        if (change.at > end) break;
        // at that time itself it was both
        if (change.at >= begin) states.push_back(before);
        before = change.state;
      }
    }
    states.push_back(before);
    return states;
  }
  /// All paths that ever led anywhere.
  [[nodiscard]] std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (const auto& [path, changes] : changes_) paths.push_back(path);
    return paths;
  }

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

/// The service, and what it has been.
class World {
 public:
  World(FakeBlobStore& store, ManualClock& clock) : store_(store), clock_(clock) { store.put_container("c"); }

  void put(const std::string& path, std::uint64_t size) {
    const auto number = versions_.size() + 1;
    store_.put("c", path, size,
               [bytes = bytes_of_put(number)](std::uint64_t offset, std::span<std::byte> into) {
                 bytes.fill(offset, into);
               });
    versions_.push_back({path, size});
    blobs_[path] = number;
    note(path);
  }
  void remove(const std::string& path) {
    store_.remove("c", path);
    blobs_.erase(path);
    note(path);
  }
  /// What was known of `path`, and all below it, is forgotten; empty: everything.
  void refreshed(const std::string& path) { refreshes_.emplace_back(path, clock_.now()); }
  /// The last time before `until` that what was known of `path` was forgotten; at that time itself it may
  /// have been later.
  [[nodiscard]] SteadyTime last_refresh(const std::string& path, SteadyTime until) const {
    auto last = begin_;
    for (const auto& [top, at] : refreshes_) {
      const bool concerned = top.empty() || path == top || path.starts_with(top + "/");
      if (concerned && at < until) last = at;
    }
    return last;
  }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] const Version& version(std::uint64_t number) const { return versions_[number - 1]; }
  [[nodiscard]] SteadyTime now() const { return clock_.now(); }
  [[nodiscard]] SteadyTime begin() const { return begin_; }

 private:
  /// Of the path, and of those above it.
  void note(const std::string& path) {
    for (auto end = path.size(); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
      const auto above = path.substr(0, end);
      const auto below = blobs_.lower_bound(above + "/");
      const auto blob = blobs_.find(above);
      history_.now_is(above,
                      {.version = blob == blobs_.end() ? 0 : blob->second,
                       .directory = below != blobs_.end() && below->first.starts_with(above + "/")},
                      clock_.now());
    }
  }

  FakeBlobStore& store_;
  ManualClock& clock_;
  const SteadyTime begin_ = clock_.now();
  History history_;
  std::vector<Version> versions_;
  std::map<std::string, std::uint64_t> blobs_;
  std::vector<std::pair<std::string, SteadyTime>> refreshes_;
};

/// How old an answer may be, as docs/semantics.md says it; listings that a walk made are the walk's.
struct Promise {
  Duration shown, absent, opened, listed;
};

bool is_injected(const Error& error) { return error.message.find("injected") != std::string::npos; }

/// One that looks names up, lists, walks, opens and reads; a thing at a time, as far as its answers have
/// come.
class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(std::uint64_t seed, MountedTree& tree, World& world, const Promise& promise,
          const std::vector<std::string>& paths)
      : dice_(seed), tree_(tree), world_(world), promise_(promise), paths_(paths) {}

  void step() {
    if (busy_) return;
    if (inodes_.size() > 200) forget_one();
    if (listing_) return go_on_listing();
    if (!to_read_.empty() && !dice_.one_in(10)) return read_next();
    to_read_.clear();
    if (!to_walk_.empty() && !dice_.one_in(30)) return walk_next();
    to_walk_.clear();
    switch (dice_.below(6)) {
      case 0:
      case 1:
        return go_to(dice_.one_of(paths_), [](InodeId, const std::string&, FileKind) {});
      case 2:
      case 3:
        return go_to(dice_.one_of(paths_), [this](InodeId inode, const std::string& path, FileKind kind) {
          kind == FileKind::file ? open(inode, path) : list(inode, path, dice_.one_in(3));
        });
      case 4:
        return list(root_inode, "", dice_.one_in(3));
      default:
        walks_ = true;
        return list(root_inode, "", true);
    }
  }
  [[nodiscard]] bool busy() const { return busy_; }
  void let_go() {
    listing_.reset();
    files_.clear();
    while (!inodes_.empty()) forget_one();
  }

  struct Counts {
    int found = 0, absent = 0, opened = 0, changed = 0, reads = 0, listings = 0, injected = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Inode {
    InodeId id;
    std::string path;
  };
  struct File {
    SharedFile file;
    std::uint64_t version;
  };
  struct Listing {
    SharedDirectory directory;
    InodeId inode;
    std::string path;
    SteadyTime opened;
    bool to_the_end;
    std::size_t count = 0, next = 0, most = 0;
    std::map<std::string, FileKind> items{};
  };
  using Arrived = std::function<void(InodeId, const std::string& path, FileKind)>;

  void forget_one() {
    tree_.forget(inodes_.front().id, 1);
    inodes_.pop_front();
  }
  [[nodiscard]] std::vector<State> states(const std::string& path, SteadyTime since, Duration age) const {
    const auto begin = since - world_.begin() > age ? since - age : world_.begin();
    return world_.history().states(path, std::max(begin, world_.last_refresh(path, since)), world_.now());
  }
  /// The one that was at `path` in that time, and has that size and number; 0: none.
  std::uint64_t version_shown(const std::string& path, const Attributes& shown, SteadyTime since,
                              Duration age) {
    for (const auto& state : states(path, since, age)) {
      if (state.version != 0 && world_.version(state.version).size == shown.size) return state.version;
    }
    return 0;
  }
  void injected(const Error& error) {
    ++counts_.injected;
    EXPECT_TRUE(is_injected(error)) << name_of(error.code) << ": " << error.message;
  }

  void check_shown(const std::string& path, const Entry& entry, SteadyTime since, Duration age) {
    EXPECT_LE(entry.valid_for, promise_.shown);
    check_state(path, entry.attributes, since, age);
    // the kernel will show it until then
    if (entry.valid_for > Duration{0})
      check_state(path, entry.attributes, world_.now() + entry.valid_for, promise_.shown);
    inodes_.push_back({entry.attributes.inode, path});
  }
  void check_state(const std::string& path, const Attributes& shown, SteadyTime since, Duration age) {
    if (shown.kind == FileKind::file) {
      EXPECT_NE(version_shown(path, shown, since, age), 0U)
          << path << " is shown as a version of " << shown.size << " bytes, which it was not of late";
    } else {
      EXPECT_TRUE(std::ranges::any_of(states(path, since, age), &State::directory))
          << path << " is shown as a directory, which it was not of late";
    }
  }

  void check_absent(const std::string& path, SteadyTime since) {
    const auto known = states(path, since, promise_.absent);
    EXPECT_TRUE(std::ranges::any_of(known, &State::absent)) << path << " is said to be absent";
  }

  /// From the root down to `path`, or as far as there is something.
  void go_to(const std::string& path, Arrived arrived) { descend(root_inode, "", path, std::move(arrived)); }
  void descend(InodeId parent, std::string above, std::string rest, Arrived arrived) {
    busy_ = true;
    const auto slash = rest.find('/');
    const auto name = rest.substr(0, slash);
    const auto path = above + name;
    const auto asked = world_.now();
    tree_.look_up(parent, name,
                  exactly_once<Lookup>([this, path, asked, rest, slash, arrived](Result<Lookup> found) {
                    busy_ = false;
                    if (!found) return injected(found.error());
                    if (!found->entry) {
                      ++counts_.absent;
                      EXPECT_LE(found->absent_for, promise_.absent);
                      check_absent(path, asked);
                      if (found->absent_for > Duration{0})
                        check_absent(path, world_.now() + found->absent_for);
                      return;
                    }
                    ++counts_.found;
                    check_shown(path, *found->entry, asked, promise_.shown);
                    const auto& shown = found->entry->attributes;
                    if (slash == std::string::npos) return arrived(shown.inode, path, shown.kind);
                    if (shown.kind == FileKind::directory)
                      descend(shown.inode, path + "/", rest.substr(slash + 1), arrived);
                  }));
  }

  void open(InodeId inode, const std::string& path) {
    busy_ = true;
    const auto asked = world_.now();
    const auto shown = tree_.attributes(inode);
    ASSERT_TRUE(shown);
    tree_.open(inode, exactly_once<SharedFile>([this, path, asked, shown](Result<SharedFile> file) {
                 busy_ = false;
                 const auto known = states(path, asked, promise_.opened);
                 const auto is_shown = [&](const State& state) {
                   return state.version != 0 && world_.version(state.version).size == shown->size;
                 };
                 if (file) {
                   ++counts_.opened;
                   const auto version = version_shown(path, *shown, asked, promise_.opened);
                   ASSERT_NE(version, 0U) << path << " was opened in a version that is too old";
                   files_.push_back({*std::move(file), version});
                   return read(files_.back());
                 }
                 if (is_injected(file.error())) return injected(file.error());
                 ++counts_.changed;
                 EXPECT_EQ(file.error().code, ErrorCode::changed) << file.error().message;
                 EXPECT_TRUE(std::ranges::any_of(
                     known, [&](const State& state) { return state.directory || !is_shown(state); }))
                     << path << " has not changed, and cannot be opened: " << file.error().message;
               }));
  }

  void read(const File& open) {
    if (files_.size() > 20) files_.pop_front();
    busy_ = true;
    const auto file = open.file;
    const auto version = open.version;
    const auto& expected = world_.version(version);
    const auto offset = dice_.one_in(2) ? 0 : dice_.below(expected.size + 1);
    const auto length = 1 + dice_.below(expected.size + 100);
    file->read(
        offset, length, exactly_once<Bytes>([this, file, version, offset, length](Result<Bytes> bytes) {
          busy_ = false;
          const auto& [path, size] = world_.version(version);
          if (!bytes) {
            if (is_injected(bytes.error())) return injected(bytes.error());
            ++counts_.changed;
            const auto code = bytes.error().code;
            EXPECT_TRUE(code == ErrorCode::changed || code == ErrorCode::not_found) << bytes.error().message;
            EXPECT_NE(world_.history().current(path).version, version)
                << path << " has not changed, and cannot be read: " << bytes.error().message;
            return;
          }
          ++counts_.reads;
          ASSERT_EQ(bytes->size(), std::min<std::uint64_t>(size - offset, length)) << path;
          auto at = offset;
          for (const auto& piece : bytes->pieces) {
            ASSERT_TRUE(bytes_of_put(version).matches(at, {piece.data.get(), piece.size})) << path;
            at += piece.size;
          }
        }));
  }

  void list(InodeId inode, const std::string& path, bool to_the_end) {
    busy_ = true;
    const auto asked = world_.now();
    tree_.open_directory(inode, exactly_once<SharedDirectory>([=, this](Result<SharedDirectory> directory) {
                           busy_ = false;
                           if (!directory) return injected(directory.error());
                           listing_.emplace(Listing{.directory = *std::move(directory),
                                                    .inode = inode,
                                                    .path = path.empty() ? "" : path + "/",
                                                    .opened = asked,
                                                    .to_the_end = to_the_end || dice_.one_in(2),
                                                    .most = dice_.below(10)});
                         }));
  }

  /// A few items, or what comes next of them.
  void go_on_listing() {
    auto& listing = *listing_;
    if (!listing.to_the_end && listing.next >= listing.most) return listing_.reset();
    if (listing.next < listing.count) {
      for (int items = 0; items < 10 && listing.next < listing.count; ++items) take_item(listing);
      return;
    }
    busy_ = true;
    listing.directory->wait_for(
        listing.next, exactly_once<std::size_t>([this](Result<std::size_t> count) {
          busy_ = false;
          if (!count) {
            listing_.reset();
            return injected(count.error());
          }
          if (*count > listing_->next) {
            listing_->count = *count;
            return;
          }
          ++counts_.listings;
          check_complete(*listing_);
          if (walks_) {
            for (const auto& [name, kind] : listing_->items)
              (kind == FileKind::file ? to_read_ : to_walk_).push_back(listing_->path + name);
          }
          walks_ = walks_ && !to_walk_.empty();
          listing_.reset();
        }));
  }
  void take_item(Listing& listing) {
    const auto index = listing.next++;
    const auto item = listing.directory->item(index);
    if (item.name.empty()) return;
    const auto path = listing.path + std::string(item.name);
    EXPECT_TRUE(listing.items.emplace(item.name, item.kind).second) << path << " is shown twice";
    const auto known = states(path, listing.opened, promise_.listed);
    EXPECT_TRUE(std::ranges::any_of(known,
                                    [&](const State& state) {
                                      return item.kind == FileKind::directory ? state.directory
                                                                              : state.version != 0;
                                    }))
        << path << " is listed, which it was not of late";
    if (!dice_.one_in(4)) return;
    const auto entry = listing.directory->look_up(index);
    EXPECT_EQ(entry.attributes.kind, item.kind);
    check_shown(path, entry, listing.opened, promise_.listed);
  }
  /// No name is missing that was there all the time.
  void check_complete(const Listing& listing) {
    for (const auto& path : world_.history().paths()) {
      if (!path.starts_with(listing.path) || path.find('/', listing.path.size()) != std::string::npos)
        continue;
      const auto known = states(path, listing.opened, promise_.listed);
      const auto is_file = [](const State& state) { return state.version != 0; };
      if (!std::ranges::all_of(known, is_file) && !std::ranges::all_of(known, &State::directory)) continue;
      EXPECT_TRUE(listing.items.contains(path.substr(listing.path.size())))
          << path << " is missing, which was there all the time";
    }
  }

  void walk_next() {
    const auto path = to_walk_.front();
    to_walk_.pop_front();
    go_to(path, [this](InodeId inode, const std::string& at, FileKind kind) {
      if (kind == FileKind::directory) list(inode, at, walks_ = true);
    });
  }
  void read_next() {
    const auto path = to_read_.front();
    to_read_.pop_front();
    go_to(path, [this](InodeId inode, const std::string& at, FileKind kind) {
      if (kind == FileKind::file) open(inode, at);
    });
  }

  Dice dice_;
  MountedTree& tree_;
  World& world_;
  const Promise promise_;
  const std::vector<std::string>& paths_;
  bool busy_ = false;
  bool walks_ = false;
  std::optional<Listing> listing_;
  std::deque<std::string> to_read_, to_walk_;
  std::deque<Inode> inodes_;
  std::deque<File> files_;
  Counts counts_;
};

struct Case {
  std::string name;
  Consistency consistency;
  Promise promise;
  bool directories;
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

constexpr Duration for_ever = std::chrono::hours{24 * 365};

const std::vector<Case> cases = {
    // without subdirectories there are no walks
    {"CloseToOpen",
     {},
     {.shown = 10 * attr_ttl, .absent = attr_ttl, .opened = attr_ttl, .listed = attr_ttl},
     false},
    {"CloseToOpenWithWalks",
     {},
     {.shown = 10 * attr_ttl, .absent = attr_ttl, .opened = attr_ttl, .listed = 10 * attr_ttl},
     true},
    {"Cached",
     {.kind = Consistency::Kind::cached, .age = 5s},
     {.shown = 5s, .absent = 5s, .opened = 5s, .listed = 5s},
     true},
    {"Immutable",
     {.kind = Consistency::Kind::immutable},
     {.shown = for_ever * 100, .absent = for_ever * 100, .opened = for_ever, .listed = for_ever},
     true},
};

class TreeModel : public testing::TestWithParam<Case> {
 protected:
  TreeModel() : seed(seed_of_run()), dice(seed) { RecordProperty("seed", std::to_string(seed)); }

  void change_something() {
    const auto& path = dice.one_of(paths);
    // sizes tell versions apart
    dice.one_in(3) ? world.remove(path) : world.put(path, ++last_size);
  }
  void break_something() {
    static const std::vector<Call> calls = {Call::list_blobs, Call::get_properties, Call::read};
    static const std::vector<ErrorCode> codes = {ErrorCode::unavailable, ErrorCode::timed_out,
                                                 ErrorCode::permission_denied};
    store.fail_next(dice.one_of(calls), Error{dice.one_of(codes), "injected"},
                    1 + static_cast<int>(dice.below(2)));
  }
  /// A path, or everything.
  void refresh(MountedTree& tree) {
    const auto path = dice.one_in(3) ? std::string() : dice.one_of(paths);
    world.refreshed(path);
    bool done = false;
    tree.refresh(path, [&done] { done = true; });
    EXPECT_TRUE(done);
  }
  void deliver() {
    const auto delayed = held_since && clock.now() - *held_since >= longest_delay - 100ms;
    if (!held_since) {
      if (!dice.one_in(20)) return;
      held_since = clock.now();
      answered = store.calls();
      store.hold();
    } else if (delayed || dice.one_in(15)) {
      held_since.reset();
      store.release();
    } else if (answered < store.calls() && dice.one_in(2)) {
      ++answered;
      store.release_one();
    }
  }
  void pass_time() {
    static const std::vector<Duration> lengths = {1ms, 10ms, 100ms, 100ms, 300ms, 900ms};
    auto length = dice.one_of(lengths);
    if (held_since) length = std::min<Duration>(length, 100ms);
    if (!held_since && dice.one_in(40)) length = 12s;
    clock.advance(length);
  }

  const std::uint64_t seed;
  Dice dice;
  ManualClock clock;
  RecordingLog log;
  FakeBlobStore store{FakeBlobStore::Delivery::at_once};
  World world{store, clock};
  MemoryBudget budget{64ULL << 20U};
  RemoteSource remote{store};
  MemoryTier memory{remote, budget};
  std::vector<std::string> paths;
  std::uint64_t last_size = 0;
  std::optional<SteadyTime> held_since;
  int answered = 0;
};

TEST_P(TreeModel, ShowsWhatWasTrueWithinThePromisedTime) {
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  const auto& row = GetParam();
  for (int i = 0; i < 12; ++i) paths.push_back("file-" + std::to_string(i));
  if (row.directories) {
    for (int i = 0; i < 5; ++i) {
      for (int j = 0; j < 6; ++j) {
        paths.push_back("d" + std::to_string(i) + "/file-" + std::to_string(j));
        paths.push_back("d" + std::to_string(i) + "/e" + std::to_string(j % 2) + "/f" + std::to_string(j));
      }
      paths.push_back("d" + std::to_string(i) + "!");
      paths.push_back("d" + std::to_string(i));
    }
  }
  for (const auto& path : paths) {
    if (!dice.one_in(3)) world.put(path, ++last_size);
  }
  MountedTree tree(store, memory, clock, log, {.consistency = row.consistency, .attr_ttl = attr_ttl},
                   {"account", {}, "c", ""});
  std::vector<std::shared_ptr<Process>> all;
  for (int i = 0; i < processes; ++i) {
    all.push_back(
        std::make_shared<Process>(seed + static_cast<std::uint64_t>(i) + 1, tree, world, row.promise, paths));
  }

  for (int step = 0; step < steps && !HasFailure(); ++step) {
    if (dice.one_in(200)) {
      store.limit_pages(static_cast<int>(dice.one_in(2) ? 5000 : 1 + dice.below(9)));
      store.put_empty_pages_between(static_cast<int>(dice.one_in(3) ? dice.below(3) : 0));
    }
    if (dice.one_in(6)) change_something();
    if (dice.one_in(80)) break_something();
    if (dice.one_in(3)) pass_time();
    if (dice.one_in(400)) refresh(tree);
    deliver();
    all[dice.below(all.size())]->step();
  }

  store.release();
  Process::Counts sum;
  for (const auto& process : all) {
    EXPECT_FALSE(process->busy()) << "an answer never comes";
    const auto& counts = process->counts();
    sum.found += counts.found;
    sum.absent += counts.absent;
    sum.opened += counts.opened;
    sum.changed += counts.changed;
    sum.reads += counts.reads;
    sum.listings += counts.listings;
    sum.injected += counts.injected;
    process->let_go();
  }
  std::printf("found %d, absent %d, opened %d, changed %d, reads %d, listings %d, injected %d, requests %d\n",
              sum.found, sum.absent, sum.opened, sum.changed, sum.reads, sum.listings, sum.injected,
              store.calls());
  if (HasFailure()) {
    std::fprintf(stderr, "BLOBMOUNT_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return;
  }
  for (const int count : {sum.found, sum.absent, sum.opened, sum.reads, sum.listings}) EXPECT_GT(count, 0);
}

INSTANTIATE_TEST_SUITE_P(Consistency, TreeModel, testing::ValuesIn(cases),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace blobmount::tests
