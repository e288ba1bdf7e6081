#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "fuse/kernel_notices.hpp"
#include "fuse/session.hpp"
#include "support/kernel_in_manual_time.hpp"
#include "support/temporary_directory.hpp"
#include "support/tree_model_fixture.hpp"
#include "support/visitor.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr int steps = 12'000 / model_test_scale;
/// The dice may leave something out for one round, and do not for so many.
constexpr int most_rounds = 20;
constexpr int visitors = 4;
/// Nothing takes so long, however busy the machine is.
constexpr Duration patience = 60s;
/// Who has not come back by then waits for an answer that is held back; if not, that is no harm.
constexpr Duration time_to_come_back = 2ms;

/// Does one thing after the other, on a thread of its own: system calls wait.
class Hands {
 public:
  Hands() : thread_([this] { run(); }) {}
  ~Hands() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    bell_.notify_all();
    thread_.join();
  }
  Hands(const Hands&) = delete;
  Hands& operator=(const Hands&) = delete;

  /// They are idle.
  void do_next(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    work_ = std::move(work);
    busy_ = true;
    bell_.notify_all();
  }
  bool wait_until_idle(Duration at_most) {
    std::unique_lock lock(mutex_);
    return bell_.wait_for(lock, at_most, [this] { return !busy_; });
  }
  bool busy() { return !wait_until_idle(Duration{0}); }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      bell_.wait(lock, [this] { return busy_ || ending_; });
      if (!busy_) return;
      lock.unlock();
      work_();
      lock.lock();
      busy_ = false;
      bell_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable bell_;
  std::function<void()> work_;
  bool busy_ = false, ending_ = false;
  std::thread thread_;
};

/// A mount of `tree`, in whose kernel time passes as the clock says.
class MountInManualTime {
 public:
  MountInManualTime(MountedTree& tree, ManualClock& clock, Log& log)
      : tree_(tree),
        kernel(tree, clock),
        failures_(log, clock, clock),
        adapter_(kernel, {}, {}, log, failures_, [] {}) {
    auto mounted = Session::mount({directory_.path(), "model", false}, adapter_);
    if (!mounted) throw std::runtime_error(mounted.error().message);
    session_ = *std::move(mounted);
    kernel.use(session_->handle());
    notices.emplace(session_->handle(), log);
    tree.serve(&*notices);
    thread_ = std::thread([this] { EXPECT_TRUE(session_->serve()); });
  }
  ~MountInManualTime() {
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
    tree_.serve(nullptr);
    notices->stop();
  }
  MountInManualTime(const MountInManualTime&) = delete;
  MountInManualTime& operator=(const MountInManualTime&) = delete;

  [[nodiscard]] std::string path() const { return directory_.path(); }
  /// Whoever waits for an answer gets an error; else a process that serves itself cannot even be killed.
  void abort() { ::umount2(path().c_str(), MNT_FORCE); }
  [[nodiscard]] bool wait_until_told() {
    auto told = std::make_shared<std::promise<void>>();
    auto done = told->get_future();
    notices->when_told([told] { told->set_value(); });
    return done.wait_for(patience) == std::future_status::ready;
  }

 private:
  MountedTree& tree_;
  const TemporaryDirectory directory_{};

 public:
  KernelInManualTime kernel;

 private:
  FailureLog failures_;
  Adapter adapter_;
  std::unique_ptr<Session> session_;

 public:
  std::optional<KernelNotices> notices;

 private:
  std::thread thread_;
};

class MountedTreeModel : public TreeModelFixture {
 protected:
  MountedTreeModel() {
    large_one_in = 10;
    for (int i = 0; i < visitors; ++i) {
      const auto own_seed = seed + static_cast<std::uint64_t>(i) + 1;
      all.push_back(
          {std::make_unique<Visitor>(own_seed, mount.path(), world, GetParam().promise, mount.kernel, paths),
           std::make_unique<Hands>()});
    }
  }

  struct VisitorWithHands {
    std::unique_ptr<Visitor> visitor;
    std::unique_ptr<Hands> hands;
  };

  void wait_for(Hands& hands) {
    if (hands.wait_until_idle(patience)) return;
    ADD_FAILURE() << "an answer never comes";
    mount.abort();
  }
  void wait_for_all() {
    for (const auto& one : all) wait_for(*one.hands);
  }
  void let_one_step() {
    auto& [visitor, hands] = all[dice.below(all.size())];
    if (hands->busy()) return;
    const bool calm = !held_since;
    mount.kernel.answers_come_in_order(calm);
    hands->do_next([visitor = visitor.get(), calm] { visitor->step(calm); });
    if (held_since) return void(hands->wait_until_idle(time_to_come_back));
    wait_for(*hands);
  }
  void deliver() {
    if (!held_since) {
      if (!dice.one_in(30)) return;
      // a notice would wait for what is held back
      mount.kernel.doubt_ahead(longest_delay);
      held_since = clock.now();
      store.hold();
    } else if (clock.now() - *held_since >= longest_delay - 100ms || dice.one_in(15)) {
      store.release();
      wait_for_all();
      held_since.reset();
    } else if (store.held() > 0 && dice.one_in(2)) {
      store.release_one();
    }
  }
  void pass_time() {
    const auto pause = next_pause();
    held_since ? mount.kernel.advance_to_next_end(pause) : mount.kernel.advance(pause);
  }
  /// A path, or everything. While answers are held back, the kernel may hear of it only later.
  void refresh() {
    const auto path = dice.one_in(3) ? std::string() : dice.one_of(paths);
    auto told = std::make_shared<std::promise<void>>();
    auto done = told->get_future();
    tree->refresh(path, [this, path, begun = clock.now(), told] {
      world.refreshed(path, begun);
      told->set_value();
    });
    if (held_since) return;
    ASSERT_EQ(done.wait_for(patience), std::future_status::ready) << "the kernel is never told";
    mount.kernel.advance(1ms);
  }
  /// As it does where it needs memory.
  void let_kernel_forget() { mount.notices->drop_name(root_inode, dice.one_of(paths)); }

  /// Nobody is busy.
  [[nodiscard]] Visitor::Counts counts() const {
    Visitor::Counts sum;
    for (const auto& [visitor, hands] : all) {
      const auto& counts = visitor->counts();
      sum.found += counts.found;
      sum.known_names += counts.known_names;
      sum.absent += counts.absent;
      sum.opened += counts.opened;
      sum.changed += counts.changed;
      sum.reads += counts.reads;
      sum.known_bytes += counts.known_bytes;
      sum.gone += counts.gone;
      sum.listings += counts.listings;
      sum.injected += counts.injected;
    }
    return sum;
  }
  static bool has_seen_everything(const Visitor::Counts& sum) {
    for (const int count : {sum.found, sum.absent, sum.known_names, sum.opened, sum.reads, sum.known_bytes,
                            sum.gone, sum.listings})
      if (count == 0) return false;
    return true;
  }

  std::unique_ptr<MountedTree> tree = make_tree();
  MountInManualTime mount{*tree, clock, log};
  std::vector<VisitorWithHands> all;
};

TEST_P(MountedTreeModel, ShowsWhatWasTrueWithinThePromisedTime) {
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));

  Visitor::Counts sum;
  for (int round = 0; round < most_rounds && !has_seen_everything(sum) && !HasFailure(); ++round) {
    for (int step = 0; step < steps && !HasFailure(); ++step) {
      if (dice.one_in(200)) page_otherwise();
      if (dice.one_in(6)) change_something();
      if (dice.one_in(80)) break_something();
      if (dice.one_in(3)) pass_time();
      if (dice.one_in(400)) refresh();
      if (dice.one_in(50)) let_kernel_forget();
      deliver();
      let_one_step();
    }
    store.release();
    wait_for_all();
    held_since.reset();
    sum = counts();
  }

  for (const auto& one : all) one.visitor->let_go();
  std::printf(
      "found %d, absent %d (the kernel knew %d), opened %d, changed %d, reads %d (the kernel had %d), gone "
      "%d, "
      "listings %d, injected %d, lookups %d, requests %d\n",
      sum.found, sum.absent, sum.known_names, sum.opened, sum.changed, sum.reads, sum.known_bytes, sum.gone,
      sum.listings, sum.injected, mount.kernel.lookups(), store.calls());
  EXPECT_TRUE(HasFailure() || has_seen_everything(sum));
}

INSTANTIATE_TEST_SUITE_P(Consistency, MountedTreeModel, testing::ValuesIn(tree_model_cases()),
                         [](const auto& row) { return row.param.name; });

/// What the random test rests on: that the kernel keeps names, for as long as the clock says and no longer;
/// and what it cannot see, since each answer would be young enough without: that the kernel is told.
class NamesInTheKernel : public testing::Test {
 protected:
  /// Its size; -1: there is none.
  [[nodiscard]] long size_of(const std::string& path) const {
    struct stat status {};
    return ::stat((mount.path() + "/" + path).c_str(), &status) == 0 ? status.st_size : -1;
  }
  /// Past the kernel, to the end.
  void list_root() {
    std::shared_ptr<OpenDirectory> root;
    tree.open_directory(
        root_inode, [&root](Result<std::shared_ptr<OpenDirectory>> opened) { root = *std::move(opened); });
    std::size_t count = 0;
    do {
      const auto known = count;
      root->wait_for(known, [&count](Result<std::size_t> more) { count = *more; });
      if (count == known) break;
    } while (true);
  }

  ManualClock clock;
  RecordingLog log;
  FakeBlobStore store{FakeBlobStore::Delivery::at_once};
  World world{store, clock};
  MemoryBudget budget{64ULL << 20U};
  RemoteSource remote{store};
  MemoryTier memory{remote, budget};
  MountedTree tree{store, memory, clock, log, {}, {"account", {}, "c", ""}};
  MountInManualTime mount{tree, clock, log};
};

TEST_F(NamesInTheKernel, AreKeptForTenSecondsOfTheClock) {
  world.put("file", 1);
  ASSERT_EQ(size_of("file"), 1);
  world.put("file", 2);

  mount.kernel.advance(10s - 1ms);
  EXPECT_EQ(size_of("file"), 1);
  EXPECT_EQ(mount.kernel.lookups(), 1);

  mount.kernel.advance(1ms);
  EXPECT_EQ(size_of("file"), 2);
  EXPECT_GT(mount.kernel.lookups(), 1);
}

TEST_F(NamesInTheKernel, AreAbsentForOneSecondOfTheClock) {
  ASSERT_EQ(size_of("file"), -1);
  world.put("file", 1);

  mount.kernel.advance(1s - 1ms);
  EXPECT_EQ(size_of("file"), -1);
  EXPECT_EQ(mount.kernel.lookups(), 1);

  mount.kernel.advance(1ms);
  EXPECT_EQ(size_of("file"), 1);
}

TEST_F(NamesInTheKernel, AreDroppedWhenAListingShowsAnotherVersionOrNone) {
  world.put("overwritten", 1);
  world.put("removed", 2);
  ASSERT_EQ(size_of("overwritten"), 1);
  ASSERT_EQ(size_of("removed"), 2);
  world.put("overwritten", 3);
  world.remove("removed");
  mount.kernel.advance(1s);

  list_root();
  ASSERT_TRUE(mount.wait_until_told());

  EXPECT_EQ(size_of("overwritten"), 3);
  EXPECT_EQ(size_of("removed"), -1);
}

TEST_F(NamesInTheKernel, AreDroppedWhenALookupShowsAnotherVersion) {
  world.put("file", 1);
  ASSERT_EQ(size_of("file"), 1);
  world.put("file", 2);
  InodeId inode = 0;
  tree.look_up(root_inode, "file",
               [&inode](Result<Lookup> found) { inode = found->entry->attributes.inode; });
  mount.kernel.advance(1s);

  bool changed = false;
  tree.open(inode, [&changed](Result<std::shared_ptr<OpenFile>> opened) {
    changed = !opened && opened.error().code == ErrorCode::changed;
  });
  ASSERT_TRUE(changed);
  ASSERT_TRUE(mount.wait_until_told());

  EXPECT_EQ(size_of("file"), 2);
  tree.forget(inode, 1);
}

}  // namespace
}  // namespace blobmount::tests
