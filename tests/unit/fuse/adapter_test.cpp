#include "fuse/adapter.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory_budget.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "tree/mounted_tree.hpp"

namespace blobmount {
namespace {

using testing::ElementsAre;
using Call = tests::FakeBlobStore::Call;

struct Reply {
  std::uint64_t unique = 0;
  int error = 0;  ///< an errno; 0: success
  std::string body{};

  template <typename T>
  [[nodiscard]] T as() const {
    T out{};
    EXPECT_LE(sizeof out, body.size());
    std::memcpy(&out, body.data(), std::min(sizeof out, body.size()));
    return out;
  }
};

template <typename T>
std::string bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string init_request() {
  fuse_init_in init{};
  init.major = 7;
  init.minor = 31;
  init.flags = ~static_cast<std::uint32_t>(FUSE_INIT_EXT);
  return bytes_of(init);
}

std::string open_request() { return bytes_of(fuse_open_in{}); }

std::string read_request(std::uint64_t handle, std::uint64_t offset, std::uint32_t size) {
  fuse_read_in read{};
  read.fh = handle;
  read.offset = offset;
  read.size = size;
  return bytes_of(read);
}

std::string release_request(std::uint64_t handle) {
  fuse_release_in release{};
  release.fh = handle;
  return bytes_of(release);
}

/// Speaks the kernel's protocol to libfuse over a socket, on the test's thread.
class FakeKernel {
 public:
  explicit FakeKernel(Adapter& adapter) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()), 0);
    std::signal(SIGPIPE, SIG_IGN);
    std::string program = "blobmount";
    char* arguments[] = {program.data(), nullptr};
    fuse_args args = FUSE_ARGS_INIT(1, arguments);
    const auto operations = Adapter::operations();
    session_ = fuse_session_new(&args, &operations, sizeof operations, &adapter);
    fuse_opt_free_args(&args);
    EXPECT_EQ(fuse_session_mount(session_, ("/dev/fd/" + std::to_string(ends_[0])).c_str()), 0);
    ask(FUSE_INIT, 0, init_request());
  }
  ~FakeKernel() {
    fuse_session_destroy(session_);  // closes its end
    hang_up();
  }
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  /// Send a request; its reply may come later.
  std::uint64_t send(std::uint32_t operation, InodeId inode, const std::string& body,
                     std::uint64_t unique = 0) {
    if (unique == 0) unique = next_ += 2;  // as the kernel's are: odd ones are interrupts
    fuse_in_header header{};
    header.len = static_cast<std::uint32_t>(sizeof header + body.size());
    header.opcode = operation;
    header.unique = unique;
    header.nodeid = inode;
    auto message = bytes_of(header) + body;
    fuse_buf buffer{};
    buffer.size = message.size();
    buffer.mem = message.data();
    fuse_session_process_buf(session_, &buffer);
    return unique;
  }

  /// The next reply, if it is there.
  std::optional<Reply> reply() {
    std::vector<char> bytes(1U << 18U);
    const auto size = recv(ends_[1], bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < static_cast<ssize_t>(sizeof(fuse_out_header))) return std::nullopt;
    fuse_out_header header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    return Reply{header.unique, -header.error,
                 std::string(bytes.data() + sizeof header, bytes.data() + size)};
  }

  Reply ask(std::uint32_t operation, InodeId inode, const std::string& body) {
    const auto unique = send(operation, inode, body);
    auto answer = reply();
    EXPECT_TRUE(answer && answer->unique == unique);
    return answer.value_or(Reply{});
  }

  void interrupt(std::uint64_t unique) {
    send(FUSE_INTERRUPT, 0, bytes_of(fuse_interrupt_in{unique}), unique | 1U);
  }
  void forget(InodeId inode, std::uint64_t count) {
    send(FUSE_FORGET, inode, bytes_of(fuse_forget_in{count}));
  }
  /// From now on nobody takes replies.
  void hang_up() {
    if (ends_[1] >= 0) close(std::exchange(ends_[1], -1));
  }

  [[nodiscard]] std::uint64_t next_unique() const { return next_ + 2; }

 private:
  std::array<int, 2> ends_{};
  fuse_session* session_ = nullptr;
  std::uint64_t next_ = 0;
};

class AdapterTest : public testing::Test {
 protected:
  ~AdapterTest() override { store_.release(); }

  static std::string name(const std::string& text) { return text + '\0'; }
  Reply look_up(const std::string& text, InodeId parent = FUSE_ROOT_ID) {
    return kernel_.ask(FUSE_LOOKUP, parent, name(text));
  }
  bool known(InodeId inode) { return tree_.attributes(inode).has_value(); }
  Reply read(std::uint64_t handle, std::uint64_t offset, std::uint32_t size, std::uint32_t how = FUSE_READ) {
    return kernel_.ask(how, FUSE_ROOT_ID, read_request(handle, offset, size));
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};
  const BlobProperties blob_ = store_.put("docs", "text", "hello");
  MemoryBudget budget_{16 << 20U};
  RemoteSource remote_{store_};
  MemoryTier memory_{remote_, budget_};
  MountedTree tree_{store_, memory_, clock_, log_, {}, {"account", {}, "docs", ""}};
  int ready_ = 0;
  FailureLog failures_{log_, clock_, clock_};
  Adapter adapter_{tree_,     {.uid = 7, .gid = 8, .file_mode = 0640, .dir_mode = 0750},
                   {},        log_,
                   failures_, [this] { ++ready_; }};
  FakeKernel kernel_{adapter_};
};

TEST_F(AdapterTest, IsReadyWhenTheKernelHasAgreed) { EXPECT_EQ(ready_, 1); }

TEST_F(AdapterTest, ALookupAnswersWithAllThatStatShows) {
  const auto reply = look_up("text");

  EXPECT_EQ(reply.error, 0);
  const auto entry = reply.as<fuse_entry_out>();
  EXPECT_TRUE(known(entry.nodeid));
  EXPECT_EQ(entry.entry_valid, 10U);
  EXPECT_EQ(entry.attr_valid, 86400U);
  EXPECT_EQ(entry.attr.size, 5U);
  EXPECT_EQ(entry.attr.blocks, 1U);
  EXPECT_EQ(entry.attr.mode, static_cast<std::uint32_t>(S_IFREG | 0640));
  EXPECT_EQ(entry.attr.nlink, 1U);
  EXPECT_EQ(entry.attr.uid, 7U);
  EXPECT_EQ(entry.attr.gid, 8U);
  EXPECT_EQ(entry.attr.mtime, WallTime::clock::to_time_t(blob_.last_modified));
}

TEST_F(AdapterTest, AnAbsentNameIsAnAnswerThatTheKernelMayKeep) {
  const auto reply = look_up("absent");

  EXPECT_EQ(reply.error, 0);
  EXPECT_EQ(reply.as<fuse_entry_out>().nodeid, 0U);
  EXPECT_EQ(reply.as<fuse_entry_out>().entry_valid, 1U);
}

TEST_F(AdapterTest, FailuresBecomeErrnos) {
  store_.fail_next(Call::get_properties, {ErrorCode::permission_denied, "no role"});

  EXPECT_EQ(look_up("text").error, EACCES);
  EXPECT_EQ(look_up(std::string(256, 'x')).error, ENAMETOOLONG);
  EXPECT_EQ(kernel_.ask(FUSE_GETATTR, 4711, bytes_of(fuse_getattr_in{})).error, ESTALE);
}

TEST_F(AdapterTest, AFailureIsNotedUnlessItIsAnAnswer) {
  store_.fail_next(Call::get_properties, {ErrorCode::permission_denied, "no role"});
  EXPECT_EQ(look_up("text").error, EACCES);
  EXPECT_THAT(adapter_.requests().last_failure().sentence, testing::HasSubstr("no role"));

  EXPECT_EQ(look_up(std::string(256, 'x')).error, ENAMETOOLONG);
  EXPECT_THAT(adapter_.requests().last_failure().sentence, testing::HasSubstr("no role"));
}

TEST_F(AdapterTest, ForgetsAreCounted) {
  const auto inode = look_up("text").as<fuse_entry_out>().nodeid;
  ASSERT_EQ(look_up("text").as<fuse_entry_out>().nodeid, inode);

  kernel_.forget(inode, 1);
  EXPECT_TRUE(known(inode));
  kernel_.send(FUSE_BATCH_FORGET, 0,
               bytes_of(fuse_batch_forget_in{.count = 1, .dummy = 0}) + bytes_of(fuse_forget_one{inode, 1}));
  EXPECT_FALSE(known(inode));
  EXPECT_FALSE(kernel_.reply());  // forgets are not answered
}

TEST_F(AdapterTest, AnAnswerThatNobodyTakesIsNotCounted) {
  store_.hold();
  kernel_.send(FUSE_LOOKUP, FUSE_ROOT_ID, name("text"));
  kernel_.hang_up();

  store_.release();

  EXPECT_FALSE(known(FUSE_ROOT_ID + 1));
}

TEST_F(AdapterTest, AnInterruptedLookupEndsAtOnceAndCountsNothing) {
  store_.hold();
  const auto unique = kernel_.send(FUSE_LOOKUP, FUSE_ROOT_ID, name("text"));

  kernel_.interrupt(unique);
  const auto reply = kernel_.reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->unique, unique);
  EXPECT_EQ(reply->error, EINTR);

  store_.release();
  EXPECT_FALSE(kernel_.reply());
  EXPECT_FALSE(known(FUSE_ROOT_ID + 1));
}

TEST_F(AdapterTest, AnInterruptMayComeBeforeWhatItInterrupts) {
  store_.hold();
  const auto unique = kernel_.next_unique();
  kernel_.interrupt(unique);
  kernel_.send(FUSE_LOOKUP, FUSE_ROOT_ID, name("text"));

  const auto reply = kernel_.reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->unique, unique);
  EXPECT_EQ(reply->error, EINTR);
  store_.release();
  EXPECT_FALSE(kernel_.reply());
}

TEST_F(AdapterTest, AFileIsOpenedReadAndReleased) {
  const auto inode = look_up("text").as<fuse_entry_out>().nodeid;
  const auto opened = kernel_.ask(FUSE_OPEN, inode, open_request());
  ASSERT_EQ(opened.error, 0);
  const auto out = opened.as<fuse_open_out>();
  EXPECT_NE(out.open_flags & FOPEN_KEEP_CACHE, 0U);

  EXPECT_EQ(read(out.fh, 0, 4096).body, "hello");
  EXPECT_EQ(read(out.fh, 3, 1).body, "l");
  EXPECT_EQ(read(out.fh, 5, 4096).body, "");
  EXPECT_EQ(kernel_.ask(FUSE_RELEASE, inode, release_request(out.fh)).error, 0);
}

TEST_F(AdapterTest, AnOverwrittenFileIsStale) {
  const auto inode = look_up("text").as<fuse_entry_out>().nodeid;
  const auto handle = kernel_.ask(FUSE_OPEN, inode, open_request()).as<fuse_open_out>().fh;
  store_.put("docs", "text", "another");

  EXPECT_EQ(read(handle, 0, 4096).error, ESTALE);
  EXPECT_EQ(kernel_.ask(FUSE_OPEN, inode, open_request()).error, ESTALE);
}

TEST_F(AdapterTest, AnInterruptedReadEndsAtOnceAndTheFileMayBeReleasedMeanwhile) {
  const auto inode = look_up("text").as<fuse_entry_out>().nodeid;
  const auto handle = kernel_.ask(FUSE_OPEN, inode, open_request()).as<fuse_open_out>().fh;
  store_.hold();
  const auto unique = kernel_.send(FUSE_READ, inode, read_request(handle, 0, 4096));

  kernel_.interrupt(unique);
  EXPECT_EQ(kernel_.reply().value_or(Reply{}).error, EINTR);
  EXPECT_EQ(kernel_.ask(FUSE_RELEASE, inode, release_request(handle)).error, 0);

  store_.release();
  EXPECT_FALSE(kernel_.reply());
}

TEST_F(AdapterTest, AnOpenThatWasInterruptedLeavesNothingOpen) {
  const auto inode = look_up("text").as<fuse_entry_out>().nodeid;
  clock_.advance(std::chrono::hours{1});
  store_.hold();
  const auto unique = kernel_.send(FUSE_OPEN, inode, open_request());
  kernel_.interrupt(unique);
  EXPECT_EQ(kernel_.reply().value_or(Reply{}).error, EINTR);
  store_.release();
  EXPECT_FALSE(kernel_.reply());

  const auto next = kernel_.ask(FUSE_OPEN, inode, open_request()).as<fuse_open_out>().fh;
  EXPECT_EQ(read(next, 0, 4096).body, "hello");
}

TEST_F(AdapterTest, ADirectoryIsReadInPartsEachNameOnce) {
  for (int i = 100; i < 200; ++i) store_.put("docs", "file-" + std::to_string(i), "");
  const auto handle = kernel_.ask(FUSE_OPENDIR, FUSE_ROOT_ID, open_request()).as<fuse_open_out>().fh;

  std::vector<std::string> names;
  std::uint64_t position = 0;
  for (auto part = read(handle, 0, 512, FUSE_READDIR); !part.body.empty();
       part = read(handle, position, 512, FUSE_READDIR)) {
    ASSERT_EQ(part.error, 0);
    for (std::size_t at = 0; at < part.body.size();) {
      fuse_dirent entry{};
      std::memcpy(&entry, part.body.data() + at, sizeof entry);
      names.emplace_back(part.body, at + FUSE_NAME_OFFSET, entry.namelen);
      position = entry.off;
      at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen);
    }
  }

  ASSERT_EQ(names.size(), 103U);
  EXPECT_EQ(names[0], ".");
  EXPECT_EQ(names[1], "..");
  for (int i = 100; i < 200; ++i)
    EXPECT_EQ(names[static_cast<std::size_t>(i) - 98], "file-" + std::to_string(i));
  EXPECT_EQ(names.back(), "text");
  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(AdapterTest, ReadingADirectoryWithAttributesCountsEachEntryThatWasGiven) {
  const auto handle = kernel_.ask(FUSE_OPENDIR, FUSE_ROOT_ID, open_request()).as<fuse_open_out>().fh;

  const auto reply = read(handle, 2, 4096, FUSE_READDIRPLUS);  // behind the dots

  const auto inode = reply.as<fuse_direntplus>().entry_out.nodeid;
  EXPECT_TRUE(known(inode));
  kernel_.forget(inode, 1);
  EXPECT_FALSE(known(inode));
  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(AdapterTest, ReadingADirectoryWithAttributesCountsNothingThatNobodyTook) {
  const auto handle = kernel_.ask(FUSE_OPENDIR, FUSE_ROOT_ID, open_request()).as<fuse_open_out>().fh;
  kernel_.hang_up();

  kernel_.send(FUSE_READDIRPLUS, FUSE_ROOT_ID, read_request(handle, 0, 4096));

  EXPECT_FALSE(known(FUSE_ROOT_ID + 1));
}

TEST_F(AdapterTest, TheFileSystemShowsRoom) {
  const auto statistics = kernel_.ask(FUSE_STATFS, FUSE_ROOT_ID, "").as<fuse_statfs_out>().st;

  EXPECT_EQ(statistics.blocks * statistics.bsize, 1ULL << 50U);
  EXPECT_EQ(statistics.bavail, statistics.blocks);
  EXPECT_EQ(statistics.namelen, 255U);
}

}  // namespace
}  // namespace blobmount
