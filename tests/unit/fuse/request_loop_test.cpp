#include "fuse/request_loop.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/xattr.h>

#include "support/eventually.hpp"
#include "unit/fuse/mounted_stub.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

/// Processes that look up names that the kernel does not know, one after the other, until they are told to
/// stop or get an error.
class Visitors {
 public:
  Visitors(const MountedStub& mount, int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, path = mount.path("file" + std::to_string(i) + "-")] {
        struct stat status {};
        for (int n = 0; !ended_ && ::stat((path + std::to_string(n)).c_str(), &status) == 0; ++n) ++seen_;
      });
    }
  }
  ~Visitors() {
    ended_ = true;
    for (auto& thread : threads_) thread.join();
  }
  Visitors(const Visitors&) = delete;
  Visitors& operator=(const Visitors&) = delete;

  [[nodiscard]] int seen() const { return seen_; }

 private:
  std::atomic<bool> ended_{false};
  std::atomic<int> seen_{0};
  std::vector<std::thread> threads_;
};

TEST(RequestLoop, ALongAnswerDoesNotHoldUpAnother) {
  std::promise<void> looked_up;
  auto other_is_answered = looked_up.get_future().share();
  std::atomic<bool> was_answered{false};
  MountedStub mount;
  mount.files.on_look_up([&](InodeId, const std::string& name) {
    if (name == "file-other") looked_up.set_value();
  });
  mount.files.on_attributes(
      [&] { was_answered = other_is_answered.wait_for(20s) == std::future_status::ready; });

  auto reading = std::async(std::launch::async, [&mount] {
    return ::getxattr(mount.path("file").c_str(), "user.blob.etag", nullptr, 0);
  });
  EXPECT_TRUE(eventually(20s, [&mount] { return mount.files.asked_for_attributes > 0; }));
  EXPECT_EQ(mount.stat("file-other"), 0);
  reading.wait();

  EXPECT_TRUE(was_answered);
}

TEST(RequestLoop, ManyAreAnsweredByMoreThanOneThread) {
  std::mutex mutex;
  std::condition_variable changed;
  int at_once = 0;
  bool were_two = false;
  MountedStub mount;
  mount.files.on_look_up([&](InodeId, const std::string&) {
    std::unique_lock lock(mutex);
    ++at_once;
    were_two |= at_once > 1;
    changed.notify_all();
    changed.wait_for(lock, 20ms, [&] { return were_two; });
    --at_once;
  });
  {
    const Visitors visitors(mount, 8);
    EXPECT_TRUE(eventually(20s, [&] {
      const std::lock_guard lock(mutex);
      return were_two;
    }));
  }
}

TEST(RequestLoop, OneAfterTheOtherIsAnsweredByOneThread) {
  std::mutex mutex;
  std::vector<std::thread::id> threads;
  MountedStub mount;
  mount.files.on_look_up([&](InodeId, const std::string&) {
    const std::lock_guard lock(mutex);
    threads.push_back(std::this_thread::get_id());
  });

  for (int i = 0; i < 200; ++i) EXPECT_EQ(mount.stat("file" + std::to_string(i)), 0);

  const std::lock_guard lock(mutex);
  ASSERT_EQ(threads.size(), 200U);
  const auto changes = std::inner_product(threads.begin() + 1, threads.end(), threads.begin(), 0,
                                          std::plus<>(), std::not_equal_to<>());
  EXPECT_LT(changes, 20) << "a new thread for each request is what it avoids";
}

TEST(RequestLoop, EndsWhileMuchIsAskedAndNobodyWaitsForEver) {
  for (int round = 0; round < 20; ++round) {
    auto mount = std::make_unique<MountedStub>();
    const Visitors visitors(*mount, 8);
    EXPECT_TRUE(eventually(20s, [&visitors] { return visitors.seen() > 100; }));

    mount->end_serving();
    mount.reset();
  }
}

}  // namespace
}  // namespace blobmount::tests
