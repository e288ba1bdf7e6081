/// What a process had asked for when it was killed is taken back: while the service stalls or fails, nobody
/// goes on asking it for the dead.

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakes/synthetic_content.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1U << 20U;
constexpr auto get = RequestKind::get_blob;
const std::string blob = "test/blob";

/// Reads a page at 60 places at once, each from a thread of its own, and each place with its read-ahead: more
/// than the kernel asks for at once.
constexpr auto many_threads = R"(
import os, sys, threading
file = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(file).st_size
for place in range(60):
    threading.Thread(target=os.pread, args=(file, 4 << 20, size // 60 * place)).start()
)";

constexpr auto first_of_a_mapping = R"(
import mmap, os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
memory = mmap.mmap(file, 0, prot=mmap.PROT_READ)
print("mapped", flush=True)
print(memory[0])
)";

/// A page fault in a mapping whose descriptor is still open.
constexpr auto mapping = R"(
import mmap, os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
memory = mmap.mmap(file, 0, prot=mmap.PROT_READ)
print(memory[len(memory) // 2])
)";

struct Case {
  std::string name;
  Fault fault;
  std::vector<std::string> reader;  ///< but the path
};

void PrintTo(const Case& what, std::ostream* stream) { *stream << what.name; }

const Fault stall{.kind = FaultKind::stall};
const Fault stall_in_body{.kind = FaultKind::stall, .bytes = 5000};
const Fault failure{.kind = FaultKind::status, .status = 500};
const Fault busy{.kind = FaultKind::status, .status = 503, .code = "ServerBusy", .retry_after = 1s};
const Fault drip{.kind = FaultKind::drip, .bytes = 5000, .rate = 1};

class KilledReaders : public testing::Test {
 protected:
  KilledReaders() { account.service.blobs().put_synthetic("test", "blob", 512 * mib); }

  void expect_that_nobody_asks() {
    EXPECT_TRUE(eventually(60s, [this] {
      if (stats().under_way(blob) > 0) return false;
      const auto before = stats().counts().of(get);
      std::this_thread::sleep_for(4s);  // longer than the longest pause between two tries
      return stats().under_way(blob) == 0 && stats().counts().of(get) == before;
    })) << stats().under_way(blob);
  }
  void expect_right_bytes(const FileHandle& file, std::uint64_t offset) {
    const auto read = file.read(offset, 100'000);
    EXPECT_EQ(read.error, 0);
    EXPECT_EQ(read.bytes.size(), 100'000U);
    EXPECT_TRUE(content.matches(offset, std::as_bytes(std::span(read.bytes))));
  }
  bool wait_for_requests() {
    return eventually(20s, [this] { return account.service.faults().hits() > 0; });
  }

  ServiceStats& stats() { return account.service.stats(); }

  ServedAccount account;
  const SyntheticContent content{SyntheticContent::seed_of("blob")};
};

class KilledReader : public KilledReaders, public testing::WithParamInterface<Case> {};

/// Linux 6.18 does not tell us of an interruption that comes while it hands a request over (docs/adr/0010).
/// With many threads one of them meets that, now and then.
bool some_interruptions_are_lost() {
  const char* const kernel = std::getenv("BLOBMOUNT_TEST_KERNEL");
  const std::string way = kernel != nullptr ? kernel : "";
  return way == "io_uring" || way == "both";
}

TEST_P(KilledReader, LeavesNoWorkBehind) {
  if (GetParam().name.find("ManyThreads") != std::string::npos && some_interruptions_are_lost())
    GTEST_SKIP() << "over io_uring the kernel loses some interruptions";
  const Mounted mounted(account.mount("test").with("--attr-ttl", "600").with("--retry-timeout", "600"));
  const FileHandle other(mounted / "blob");  // so that the blob is not forgotten with its reader
  account.service.faults().add_always(GetParam().fault, get);
  auto command = GetParam().reader;
  command.push_back(mounted / "blob");
  const Process reader({.arguments = command});
  ASSERT_TRUE(wait_for_requests());

  reader.signal(SIGKILL);

  EXPECT_EQ(reader.wait(20s), 128 + SIGKILL);
  expect_that_nobody_asks();
  account.service.faults().clear();
  expect_right_bytes(other, 0);
  expect_right_bytes(other, 256 * mib);
}

const std::vector<std::string> cat{"cat"}, threads{"python3", "-c", many_threads},
    mapped{"python3", "-c", mapping};
INSTANTIATE_TEST_SUITE_P(Ways, KilledReader,
                         testing::Values(Case{"StalledBeforeTheHead", stall, cat},
                                         Case{"StalledInTheBody", stall_in_body, cat},
                                         Case{"Failing", failure, cat}, Case{"Busy", busy, cat},
                                         Case{"Dripping", drip, cat}, Case{"WithManyThreads", stall, threads},
                                         Case{"OfAFailingServiceWithManyThreads", failure, threads},
                                         Case{"InAMapping", stall, mapped}),
                         [](const auto& one) { return one.param.name; });

TEST_F(KilledReaders, PastThePageCacheLeaveNoWorkBehindEither) {
  const Mounted mounted(account.mount("test").with("--attr-ttl", "600").with("--retry-timeout", "600"));
  account.service.faults().add_always(stall, get);
  const Process reader(
      {.arguments = {"dd", "if=" + (mounted / "blob").string(), "iflag=direct", "bs=1M", "of=/dev/null"}});
  ASSERT_TRUE(wait_for_requests());

  reader.signal(SIGKILL);

  EXPECT_EQ(reader.wait(20s), 128 + SIGKILL);
  expect_that_nobody_asks();
}

TEST_F(KilledReaders, DoNoHarmToWhoReadsTheSame) {
  const Mounted mounted(account.mount("test").with("--attr-ttl", "600").with("--stall-timeout", "1"));
  account.service.faults().add_always(stall, get);
  std::vector<std::unique_ptr<Process>> killed;
  for (const auto* program : {"cat", "md5sum", "cat"})
    killed.push_back(std::make_unique<Process>(Command{.arguments = {program, mounted / "blob"}}));
  ASSERT_TRUE(wait_for_requests());
  // these wait for pages that the others have asked for
  std::vector<std::future<FileHandle::Read>> living;
  for (int i = 0; i < 3; ++i) {
    living.push_back(std::async(std::launch::async,
                                [path = mounted / "blob"] { return FileHandle(path).read(0, 64 * mib); }));
  }
  const Process mapped_reader({.arguments = {"python3", "-c", first_of_a_mapping, mounted / "blob"}});
  ASSERT_TRUE(mapped_reader.wait_for_output("mapped", 20s));
  std::this_thread::sleep_for(200ms);  // and they sleep

  for (const auto& reader : killed) reader->signal(SIGKILL);
  for (const auto& reader : killed) EXPECT_EQ(reader->wait(20s), 128 + SIGKILL);
  account.service.faults().clear();

  for (auto& reader : living) {
    const auto read = reader.get();
    EXPECT_EQ(read.error, 0);
    EXPECT_EQ(read.bytes.size(), 64 * mib);
    EXPECT_TRUE(content.matches(0, std::as_bytes(std::span(read.bytes))));
  }
  EXPECT_EQ(mapped_reader.wait(20s), 0) << mapped_reader.error_output();
  std::byte first{};
  content.fill(0, {&first, 1});
  EXPECT_TRUE(mapped_reader.wait_for_end_of_output(20s));
  EXPECT_EQ(mapped_reader.output(), "mapped\n" + std::to_string(std::to_integer<int>(first)) + "\n");
}

/// What remains: closing its descriptor was the last that the kernel told of that process.
TEST_F(KilledReaders, InAMappingWithoutADescriptorAreWaitedForUntilTheRetryTimeout) {
  const Mounted mounted(account.mount("test").with("--attr-ttl", "600").with("--retry-timeout", "5"));
  const std::string path = mounted / "blob";
  account.service.faults().add_always(failure, get);
  const auto child = ::fork();
  if (child == 0) {
    const int file = ::open(path.c_str(), O_RDONLY);
    const auto* const memory =
        static_cast<volatile char*>(::mmap(nullptr, mib, PROT_READ, MAP_SHARED, file, 0));
    ::close(file);
    ::_exit(memory[0]);
  }
  ASSERT_TRUE(wait_for_requests());

  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);

  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  expect_that_nobody_asks();
}

}  // namespace
}  // namespace blobmount::tests
