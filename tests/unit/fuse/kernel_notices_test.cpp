#include "fuse/kernel_notices.hpp"

#include <fstream>
#include <future>
#include <iterator>

#include <gtest/gtest.h>
#include <poll.h>

#include "fuse/fuse_api.hpp"
#include "fuse/late_requests.hpp"
#include "support/eventually.hpp"
#include "unit/fuse/mounted_stub.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;

class KernelNoticesTest : public testing::Test {
 protected:
  ~KernelNoticesTest() override {
    files_.release();
    mount_.end_serving();
  }

  std::future<int> stat_later(const std::string& name) {
    return std::async(std::launch::async, [this, name] { return mount_.stat(name); });
  }
  /// A lookup that the kernel is told nothing of, and that has the directory's lock.
  std::future<int> hold_the_root() {
    auto held = stat_later("held");
    EXPECT_TRUE(tests::eventually(10s, [&] { return files_.held_lookups() > 0; }));
    return held;
  }
  bool is_looked_up_again(const std::string& name) {
    const int before = files_.lookups;
    return tests::eventually(60s, [&] { return mount_.stat(name) == 0 && files_.lookups > before; });
  }

  tests::MountedStub mount_;
  tests::StubFileSystem& files_ = mount_.files;
  KernelNotices notices_{mount_.session(), mount_.log};
};

TEST_F(KernelNoticesTest, ADroppedNameIsLookedUpAgain) {
  ASSERT_EQ(mount_.stat("file"), 0);
  ASSERT_EQ(mount_.stat("file"), 0);
  ASSERT_EQ(files_.lookups, 1);

  notices_.drop_name(root_inode, "file");

  EXPECT_TRUE(is_looked_up_again("file"));
}

TEST_F(KernelNoticesTest, AnAbsentNameIsLookedUpAgain) {
  ASSERT_EQ(mount_.stat("absent"), ENOENT);
  ASSERT_EQ(mount_.stat("absent"), ENOENT);
  ASSERT_EQ(files_.lookups, 1);

  notices_.drop_name(root_inode, "absent");

  EXPECT_TRUE(tests::eventually(10s, [&] { return mount_.stat("absent") == ENOENT && files_.lookups > 1; }));
}

TEST_F(KernelNoticesTest, WhatIsLetGoOfIsLookedUpAgain) {
  ASSERT_EQ(mount_.stat("file"), 0);

  notices_.let_go(tests::StubFileSystem::file, root_inode, "file");

  EXPECT_TRUE(is_looked_up_again("file"));
}

TEST_F(KernelNoticesTest, DroppedPagesAreReadAgain) {
  const auto read_file = [this] {
    std::ifstream file(mount_.path("file"));
    return std::string(std::istreambuf_iterator<char>(file), {}).size();
  };
  ASSERT_EQ(read_file(), 4096U);
  ASSERT_EQ(read_file(), 4096U);
  ASSERT_EQ(files_.reads, 1);

  notices_.drop_pages(tests::StubFileSystem::file);

  EXPECT_TRUE(tests::eventually(10s, [&] { return read_file() == 4096U && files_.reads > 1; }));
}

TEST_F(KernelNoticesTest, WhatTheKernelDoesNotKnowIsNoFailure) {
  ASSERT_EQ(mount_.stat("file"), 0);  // the kernel has agreed to the mount by then

  notices_.drop_name(4711, "file");
  notices_.drop_name(root_inode, "never seen");
  notices_.drop_pages(4711);

  notices_.drop_name(root_inode, "file");
  EXPECT_TRUE(is_looked_up_again("file"));  // and so all have been sent
  EXPECT_TRUE(mount_.log.lines().empty());
}

TEST_F(KernelNoticesTest, AFailureIsToldOnce) {
  ASSERT_EQ(mount_.stat("file"), 0);

  for (std::size_t i = 0; i < 3; ++i) notices_.drop_name(root_inode, std::string(5000 + i, 'x'));

  notices_.drop_name(root_inode, "file");
  EXPECT_TRUE(is_looked_up_again("file"));
  ASSERT_EQ(mount_.log.lines().size(), 1U);
  EXPECT_EQ(mount_.log.lines()[0], "debug the kernel takes no notice reason=File name too long");
}

TEST_F(KernelNoticesTest, ANameMayBeDroppedWhileItIsBeingLookedUp) {
  files_.on_look_up([this](InodeId parent, const std::string& name) { notices_.drop_name(parent, name); });

  auto first = stat_later("file");

  ASSERT_EQ(first.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(first.get(), 0);
}

TEST_F(KernelNoticesTest, WhatWaitsAlreadyIsNotAddedAndWhatWaitsLongestIsDropped) {
  ASSERT_EQ(mount_.stat("file"), 0);
  const auto held = hold_the_root();
  constexpr std::size_t most = KernelNotices::most_waiting;

  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < most; ++i) notices_.drop_name(root_inode, std::to_string(i));
  }
  EXPECT_EQ(notices_.dropped(), 0U);

  for (std::size_t i = 0; i < 10; ++i) notices_.drop_name(root_inode, "more" + std::to_string(i));
  notices_.drop_name(root_inode, "file");
  EXPECT_GE(notices_.dropped(), 10U);

  files_.release();
  EXPECT_TRUE(is_looked_up_again("file"));
}

TEST_F(KernelNoticesTest, StopsAtOnceWithThousandsWaiting) {
  auto held = hold_the_root();
  for (int i = 0; i < 10'000; ++i) notices_.drop_name(root_inode, std::to_string(i));

  mount_.end_serving();
  files_.release();
  const auto begin = std::chrono::steady_clock::now();
  notices_.stop();

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_EQ(held.get(), EIO);
  notices_.drop_name(root_inode, "file");  // nobody minds
}

TEST_F(KernelNoticesTest, StopsThoughANoticeWaitsForWhomNobodyServes) {
  ASSERT_EQ(mount_.stat("file"), 0);  // so that nothing is asked but the lookup, which has the lock
  mount_.end_serving();
  auto late = stat_later("late");
  pollfd device{.fd = fuse_session_fd(mount_.session()), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&device, 1, 10'000), 1);
  notices_.drop_name(root_inode, "file");
  std::this_thread::sleep_for(100ms);  // until it waits for the lock

  const auto begin = std::chrono::steady_clock::now();
  notices_.stop();

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  refuse_late_requests(mount_.session());  // where the notice had not begun to wait
  EXPECT_EQ(late.get(), EIO);
}

}  // namespace
}  // namespace blobmount
