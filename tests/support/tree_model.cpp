#include "support/tree_model.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "fakes/random.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr Duration for_ever = std::chrono::hours{24 * 365};

}  // namespace

std::uint64_t seed_of_run() {
  if (const char* const given = std::getenv("BLOBMOUNT_TEST_SEED")) return std::strtoull(given, nullptr, 0);
  return std::random_device{}();
}

Dice::Dice(std::uint64_t seed) : state_(mixed(seed)) {}

std::uint64_t Dice::below(std::uint64_t limit) { return mixed(++state_) % limit; }

void History::now_is(const std::string& path, State state, SteadyTime now) {
  auto& changes = changes_[path];
  if (changes.empty() ? !state.absent() : changes.back().state != state) changes.push_back({now, state});
}

State History::current(const std::string& path) const {
  const auto found = changes_.find(path);
  return found == changes_.end() || found->second.empty() ? State{} : found->second.back().state;
}

std::vector<State> History::states(const std::string& path, SteadyTime begin, SteadyTime end) const {
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

std::vector<std::string> History::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, changes] : changes_) paths.push_back(path);
  return paths;
}

SyntheticContent bytes_of_version(std::uint64_t number) { return SyntheticContent(mixed(number)); }

World::World(FakeBlobStore& store, ManualClock& clock) : store_(store), clock_(clock) {
  store.put_container("c");
}

void World::put(const std::string& path, std::uint64_t size) {
  const MutexLock lock(mutex_);
  const auto number = versions_.size() + 1;
  store_.put("c", path, size,
             [bytes = bytes_of_version(number)](std::uint64_t offset, std::span<std::byte> into) {
               bytes.fill(offset, into);
             });
  versions_.push_back({path, size});
  blobs_[path] = number;
  note(path);
}

void World::put_marker(const std::string& blob) {
  const MutexLock lock(mutex_);
  BlobTraits traits;
  traits.is_directory_marker = !blob.ends_with('/');
  store_.put("c", blob, "", traits);
  blobs_[blob] = 0;
  note(blob);
}

void World::remove(const std::string& blob) {
  const MutexLock lock(mutex_);
  store_.remove("c", blob);
  blobs_.erase(blob);
  note(blob);
}

void World::refreshed(const std::string& path, SteadyTime begun) {
  const MutexLock lock(mutex_);
  refreshes_.push_back({path, begun, clock_.now()});
}

Version World::version(std::uint64_t number) const {
  const MutexLock lock(mutex_);
  return versions_[number - 1];
}

State World::current(const std::string& path) const {
  const MutexLock lock(mutex_);
  return history_.current(path);
}

std::vector<State> World::states(const std::string& path, SteadyTime since, Duration age) const {
  const MutexLock lock(mutex_);
  const auto begin = since - begin_ > age ? since - age : begin_;
  return history_.states(path, std::max(begin, last_refresh(path, since)), clock_.now());
}

std::vector<std::string> World::paths() const {
  const MutexLock lock(mutex_);
  return history_.paths();
}

/// When that was begun which was done last before `until`; at that time itself it may have been later.
SteadyTime World::last_refresh(const std::string& path, SteadyTime until) const {
  auto last = begin_;
  for (const auto& refresh : refreshes_) {
    const auto& top = refresh.path;
    const bool concerned = top.empty() || path == top || path.starts_with(top + "/");
    if (concerned && refresh.done < until) last = std::max(last, refresh.begun);
  }
  return last;
}

/// Of the path, and of those above it.
void World::note(std::string path) {
  if (path.ends_with('/')) path.pop_back();
  for (auto end = path.size(); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
    const auto above = path.substr(0, end);
    const auto below = blobs_.lower_bound(above + "/");
    const auto blob = blobs_.find(above);
    const bool marked = blob != blobs_.end() && blob->second == 0;
    history_.now_is(above,
                    {.version = blob == blobs_.end() ? 0 : blob->second,
                     .directory = marked || (below != blobs_.end() && below->first.starts_with(above + "/"))},
                    clock_.now());
  }
}

std::uint64_t PromiseCheck::version_of(const std::string& path, std::uint64_t size, SteadyTime since,
                                       Duration age) const {
  for (const auto& state : world_.states(path, since, age)) {
    if (state.file() && world_.version(state.version).size == size) return state.version;
  }
  return 0;
}

void PromiseCheck::shown(const std::string& path, FileKind kind, std::uint64_t size, SteadyTime since,
                         Duration age) const {
  if (kind == FileKind::file) {
    EXPECT_NE(version_of(path, size, since, age), 0U)
        << path << " is shown as a version of " << size << " bytes, which it was not of late";
  } else {
    EXPECT_TRUE(std::ranges::any_of(world_.states(path, since, age), &State::directory))
        << path << " is shown as a directory, which it was not of late";
  }
}

void PromiseCheck::absent(const std::string& path, SteadyTime since) const {
  EXPECT_TRUE(std::ranges::any_of(world_.states(path, since, promise_.absent), &State::absent))
      << path << " is said to be absent";
}

void PromiseCheck::below_a_file(const std::string& path, SteadyTime since) const {
  for (auto end = path.rfind('/'); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
    if (std::ranges::any_of(world_.states(path.substr(0, end), since, promise_.shown), &State::file)) return;
  }
  ADD_FAILURE() << path << " is said to be below a file";
}

std::uint64_t PromiseCheck::opened(const std::string& path, std::uint64_t size, SteadyTime since) const {
  const auto version = version_of(path, size, since, promise_.opened);
  EXPECT_NE(version, 0U) << path << " was opened in a version of " << size << " bytes, which is too old";
  return version;
}

void PromiseCheck::not_opened(const std::string& path, std::uint64_t size, SteadyTime since,
                              const std::string& why) const {
  const auto is_another = [&](const State& state) {
    return state.directory || !state.file() || world_.version(state.version).size != size;
  };
  EXPECT_TRUE(std::ranges::any_of(world_.states(path, since, promise_.opened), is_another))
      << path << " has not changed, and cannot be opened: " << why;
}

bool PromiseCheck::is_gone(std::uint64_t version) const {
  return world_.current(world_.version(version).path).version != version;
}

void PromiseCheck::not_read(std::uint64_t version, const std::string& why) const {
  EXPECT_TRUE(is_gone(version)) << world_.version(version).path
                                << " has not changed, and cannot be read: " << why;
}

void PromiseCheck::bytes(std::uint64_t version, std::uint64_t offset, std::span<const std::byte> read) const {
  EXPECT_TRUE(bytes_of_version(version).matches(offset, read))
      << world_.version(version).path << " has other bytes than its version, from " << offset;
}

void PromiseCheck::listed(const std::string& path, FileKind kind, SteadyTime opened) const {
  const auto states = world_.states(path, opened, promise_.listed);
  EXPECT_TRUE(kind == FileKind::directory ? std::ranges::any_of(states, &State::directory)
                                          : std::ranges::any_of(states, &State::file))
      << path << " is listed, which it was not of late";
}

void PromiseCheck::complete(const std::string& above, const std::set<std::string>& names,
                            SteadyTime opened) const {
  for (const auto& path : world_.paths()) {
    if (!path.starts_with(above) || path.find('/', above.size()) != std::string::npos) continue;
    const auto states = world_.states(path, opened, promise_.listed);
    if (!std::ranges::all_of(states, &State::file) && !std::ranges::all_of(states, &State::directory))
      continue;
    EXPECT_TRUE(names.contains(path.substr(above.size())))
        << path << " is missing, which was there all the time";
  }
}

void PrintTo(const TreeModelCase& row, std::ostream* out) { *out << row.name; }

const std::vector<TreeModelCase>& tree_model_cases() {
  static constexpr auto ttl = attr_ttl_of_model;
  static const std::vector<TreeModelCase> cases = {
      {"CloseToOpen", {}, {.shown = 10 * ttl, .absent = ttl, .opened = ttl, .listed = ttl}, false},
      {"CloseToOpenWithWalks",
       {},
       {.shown = 10 * ttl, .absent = ttl, .opened = ttl, .listed = 10 * ttl},
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
  return cases;
}

}  // namespace blobmount::tests
