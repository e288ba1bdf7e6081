#include "app/default_memory.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U, gib = 1ULL << 30U;

/// A machine is a directory with what the kernel says in /proc and /sys.
class DefaultMemory : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const auto file = root_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void machine_has(std::uint64_t bytes) {
    write("proc/meminfo", "MemTotal:       " + std::to_string(bytes / 1024) +
                              " kB\nMemFree:          123456 kB\nMemAvailable:     234567 kB\n");
  }
  [[nodiscard]] std::uint64_t result() const { return default_memory(root_.path()); }

  tests::TemporaryDirectory root_;
};

TEST_F(DefaultMemory, IsAQuarterOfTheMachine) {
  machine_has(8 * gib);

  EXPECT_EQ(result(), 2 * gib);
}

TEST_F(DefaultMemory, IsNeitherTooLittleNorTooMuch) {
  machine_has(100 * mib);
  EXPECT_EQ(result(), 64 * mib);
  machine_has(256 * mib);
  EXPECT_EQ(result(), 64 * mib);
  machine_has(16 * gib);
  EXPECT_EQ(result(), 4 * gib);
  machine_has(1024 * gib);
  EXPECT_EQ(result(), 4 * gib);
}

TEST_F(DefaultMemory, IsWithinBoundsWhereNothingCanBeRead) { EXPECT_EQ(result(), 4 * gib); }

TEST_F(DefaultMemory, IsAQuarterOfWhatAContainerMayUse) {
  machine_has(64 * gib);
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "2147483648\n");

  EXPECT_EQ(result(), 512 * mib);
}

TEST_F(DefaultMemory, IsThatOfTheMachineWhereTheGroupMayUseMore) {
  machine_has(4 * gib);
  write("proc/self/cgroup", "0::/system.slice/blobmount.service\n");
  write("sys/fs/cgroup/system.slice/blobmount.service/memory.max", std::to_string(64 * gib));

  EXPECT_EQ(result(), gib);
}

TEST_F(DefaultMemory, MindsTheLeastOfTheGroupsThatItIsIn) {
  machine_has(64 * gib);
  write("proc/self/cgroup", "0::/a/b/c\n");
  write("sys/fs/cgroup/a/memory.max", std::to_string(8 * gib));
  write("sys/fs/cgroup/a/b/memory.max", std::to_string(2 * gib));
  write("sys/fs/cgroup/a/b/c/memory.max", "max\n");
  write("sys/fs/cgroup/other/memory.max", std::to_string(mib));

  EXPECT_EQ(result(), 512 * mib);
}

TEST_F(DefaultMemory, AGroupWithoutALimitIsAsLargeAsTheMachine) {
  machine_has(8 * gib);
  write("proc/self/cgroup", "0::/a\n");
  write("sys/fs/cgroup/a/memory.max", "max\n");

  EXPECT_EQ(result(), 2 * gib);
}

TEST_F(DefaultMemory, UnderstandsTheFirstVersionOfGroups) {
  machine_has(64 * gib);
  write("proc/self/cgroup",
        "12:pids:/x\n5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/y\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", std::to_string(gib));
  write("sys/fs/cgroup/memory/x/memory.limit_in_bytes", std::to_string(mib));

  EXPECT_EQ(result(), 256 * mib);
}

TEST_F(DefaultMemory, MindsTheLimitThatAContainerSeesAtTheTopOfTheFirstVersion) {
  machine_has(64 * gib);
  write("proc/self/cgroup", "5:memory:/docker/abc\n0::/docker/abc\n");  // names of the host, absent here
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(gib));

  EXPECT_EQ(result(), 256 * mib);
}

TEST_F(DefaultMemory, PassesOverWhatItDoesNotUnderstand) {
  machine_has(8 * gib);
  write("proc/self/cgroup", "\nnonsense\n0:\n0::/a:b\n");
  write("sys/fs/cgroup/memory.max", "many");
  EXPECT_EQ(result(), 2 * gib);

  write("sys/fs/cgroup/a:b/memory.max", std::to_string(gib));  // a name may have a colon
  EXPECT_EQ(result(), 256 * mib);
}

TEST_F(DefaultMemory, OfThisMachineIsWithinBounds) {
  EXPECT_GE(default_memory(), 64 * mib);
  EXPECT_LE(default_memory(), 4 * gib);
}

}  // namespace
}  // namespace blobmount
