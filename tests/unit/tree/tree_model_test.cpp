#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/exactly_once.hpp"
#include "support/tree_model_fixture.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using SharedFile = std::shared_ptr<OpenFile>;
using SharedDirectory = std::shared_ptr<OpenDirectory>;

constexpr int steps = 60'000 / model_test_scale;
constexpr int processes = 4;

bool is_injected(const Error& error) { return error.message.find("injected") != std::string::npos; }

/// One that looks names up, lists, walks, opens and reads; a thing at a time, as far as its answers have
/// come.
class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(std::uint64_t seed, MountedTree& tree, World& world, const Promise& promise,
          const std::vector<std::string>& paths)
      : dice_(seed), tree_(tree), world_(world), check_(world, promise), paths_(paths) {}

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
  void injected(const Error& error) {
    ++counts_.injected;
    EXPECT_TRUE(is_injected(error)) << name_of(error.code) << ": " << error.message;
  }

  void check_shown(const std::string& path, const Entry& entry, SteadyTime since, Duration age) {
    const auto& shown = entry.attributes;
    const auto longest = check_.promise().shown;
    EXPECT_LE(entry.valid_for, longest);
    check_.shown(path, shown.kind, shown.size, since, age);
    // the kernel will show it until then
    if (entry.valid_for > Duration{0})
      check_.shown(path, shown.kind, shown.size, world_.now() + entry.valid_for, longest);
    inodes_.push_back({shown.inode, path});
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
                      EXPECT_LE(found->absent_for, check_.promise().absent);
                      check_.absent(path, asked);
                      if (found->absent_for > Duration{0})
                        check_.absent(path, world_.now() + found->absent_for);
                      return;
                    }
                    ++counts_.found;
                    check_shown(path, *found->entry, asked, check_.promise().shown);
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
                 if (file) {
                   ++counts_.opened;
                   const auto version = check_.opened(path, shown->size, asked);
                   if (version == 0) return;
                   files_.push_back({*std::move(file), version});
                   return read(files_.back());
                 }
                 if (is_injected(file.error())) return injected(file.error());
                 ++counts_.changed;
                 EXPECT_EQ(file.error().code, ErrorCode::changed) << file.error().message;
                 check_.not_opened(path, shown->size, asked, file.error().message);
               }));
  }

  void read(const File& open) {
    if (files_.size() > 20) files_.pop_front();
    busy_ = true;
    const auto file = open.file;
    const auto version = open.version;
    const auto size = world_.version(version).size;
    const auto offset = dice_.one_in(2) ? 0 : dice_.below(size + 1);
    const auto length = 1 + dice_.below(size + 100);
    file->read(
        offset, length, exactly_once<Bytes>([this, file, version, size, offset, length](Result<Bytes> bytes) {
          busy_ = false;
          if (!bytes) {
            if (is_injected(bytes.error())) return injected(bytes.error());
            ++counts_.changed;
            const auto code = bytes.error().code;
            EXPECT_TRUE(code == ErrorCode::changed || code == ErrorCode::not_found) << bytes.error().message;
            return check_.not_read(version, bytes.error().message);
          }
          ++counts_.reads;
          ASSERT_EQ(bytes->size(), std::min<std::uint64_t>(size - offset, length));
          auto at = offset;
          for (const auto& piece : bytes->pieces) {
            check_.bytes(version, at, {piece.data.get(), piece.size});
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
    check_.listed(path, item.kind, listing.opened);
    if (!dice_.one_in(4)) return;
    const auto entry = listing.directory->look_up(index);
    EXPECT_EQ(entry.attributes.kind, item.kind);
    check_shown(path, entry, listing.opened, check_.promise().listed);
  }
  void check_complete(const Listing& listing) {
    std::set<std::string> names;
    for (const auto& [name, kind] : listing.items) names.insert(name);
    check_.complete(listing.path, names, listing.opened);
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
  const PromiseCheck check_;
  const std::vector<std::string>& paths_;
  bool busy_ = false;
  bool walks_ = false;
  std::optional<Listing> listing_;
  std::deque<std::string> to_read_, to_walk_;
  std::deque<Inode> inodes_;
  std::deque<File> files_;
  Counts counts_;
};

class TreeModel : public TreeModelFixture {
 protected:
  /// A path, or everything.
  void refresh(MountedTree& tree) {
    const auto path = dice.one_in(3) ? std::string() : dice.one_of(paths);
    world.refreshed(path, clock.now());
    bool done = false;
    tree.refresh(path, [&done] { done = true; });
    EXPECT_TRUE(done);
  }
  void deliver() {
    const auto delayed = held_since && clock.now() - *held_since >= longest_delay - 100ms;
    if (!held_since) {
      if (!dice.one_in(20)) return;
      held_since = clock.now();
      store.hold();
    } else if (delayed || dice.one_in(15)) {
      held_since.reset();
      store.release();
    } else if (store.held() > 0 && dice.one_in(2)) {
      store.release_one();
    }
  }
};

TEST_P(TreeModel, ShowsWhatWasTrueWithinThePromisedTime) {
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  const auto tree = make_tree();
  std::vector<std::shared_ptr<Process>> all;
  for (int i = 0; i < processes; ++i) {
    all.push_back(std::make_shared<Process>(seed + static_cast<std::uint64_t>(i) + 1, *tree, world,
                                            GetParam().promise, paths));
  }

  for (int step = 0; step < steps && !HasFailure(); ++step) {
    if (dice.one_in(200)) page_otherwise();
    if (dice.one_in(6)) change_something();
    if (dice.one_in(80)) break_something();
    if (dice.one_in(3)) clock.advance(next_pause());
    if (dice.one_in(400)) refresh(*tree);
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
  if (HasFailure()) return;
  for (const int count : {sum.found, sum.absent, sum.opened, sum.reads, sum.listings}) EXPECT_GT(count, 0);
}

INSTANTIATE_TEST_SUITE_P(Consistency, TreeModel, testing::ValuesIn(tree_model_cases()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace blobmount::tests
