/// Reads of processes that end, at the real kernel; the file system below never answers.

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>

#include "support/eventually.hpp"
#include "support/process.hpp"
#include "unit/fuse/mounted_stub.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using tests::eventually;
using tests::Process;

class AbandonedReadsTest : public testing::Test {
 protected:
  AbandonedReadsTest() { files_.reads_are_held = true; }
  ~AbandonedReadsTest() override {
    // a reader can only be reaped once its read has been answered
    files_.reads_are_held = false;
    files_.answer_held_reads();
  }

  bool wait_for_reads(std::size_t count) {
    return eventually(20s, [this, count] { return files_.held_reads() == count; });
  }

  tests::MountedStub mount_;
  tests::StubFileSystem& files_ = mount_.files;
};

TEST_F(AbandonedReadsTest, AReaderThatIsKilledTakesItsReadWithIt) {
  const Process reader({.arguments = {"cat", mount_.path("file")}});
  ASSERT_TRUE(wait_for_reads(1));

  reader.signal(SIGKILL);

  EXPECT_TRUE(wait_for_reads(0));
  EXPECT_EQ(reader.wait(20s), 128 + SIGKILL);
}

TEST_F(AbandonedReadsTest, AReaderPastThePageCacheDoesSoToo) {
  const Process reader({.arguments = {"dd", "if=" + mount_.path("file"), "iflag=direct", "of=/dev/null"}});
  ASSERT_TRUE(wait_for_reads(1));

  reader.signal(SIGKILL);

  EXPECT_TRUE(wait_for_reads(0));
  EXPECT_EQ(reader.wait(20s), 128 + SIGKILL);
}

/// A child that shares the open file ends meanwhile, which closes its descriptor.
TEST_F(AbandonedReadsTest, AReadIsNotTakenFromAThreadThatLives) {
  static constexpr auto script = R"(
import os, signal, sys, threading
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
file = os.open(sys.argv[1], os.O_RDONLY | (os.O_DIRECT if sys.argv[2] == "direct" else 0))
read = threading.Thread(target=lambda: print(os.read(file, 4096) == bytes(4096), flush=True))
read.start()
signal.sigwait({signal.SIGUSR1})
child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
print("closed", flush=True)
read.join()
)";
  for (const auto* way : {"buffered", "direct"}) {
    SCOPED_TRACE(way);
    files_.reads_are_held = true;
    const Process reader({.arguments = {"python3", "-c", script, mount_.path("file"), way}});
    ASSERT_TRUE(wait_for_reads(1));

    reader.signal(SIGUSR1);

    EXPECT_TRUE(reader.wait_for_output("closed", 20s));
    EXPECT_EQ(files_.held_reads(), 1U);
    files_.reads_are_held = false;
    files_.answer_held_reads();
    EXPECT_TRUE(reader.wait_for_output("True", 20s)) << reader.error_output();
  }
}

}  // namespace
}  // namespace blobmount
