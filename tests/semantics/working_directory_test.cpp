/// A process whose working directory is in a mount that has long forgotten it.

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

/// More than a mount keeps, with the least memory that it takes.
constexpr std::uint64_t folders = 30'000;

/// Whether the kernel can be asked to drop only what nobody uses: Linux 6.18.
bool kernel_can_prune() {
  utsname system{};
  ::uname(&system);
  int major = 0, minor = 0;
  return std::sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
         std::pair(major, minor) >= std::pair(6, 18);
}

class WorkingDirectory : public testing::Test {
 protected:
  ~WorkingDirectory() override { std::filesystem::current_path("/"); }

  /// So many directories are looked up that the kernel is asked to let go of the first.
  void fill_the_mount() const {
    std::uint64_t seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator(mounted / "many")) {
      struct stat status {};
      ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
      ++seen;
    }
    ASSERT_EQ(seen, folders);
    // what was said to the kernel before, it has heard after this
    ASSERT_EQ(run(blobmount_command({"refresh", mounted / "many/absent"}))->status, 0);
  }
  void expect_all_works() const {
    std::error_code failure;
    const auto here = std::filesystem::current_path(failure);
    EXPECT_EQ(failure, std::error_code()) << "getcwd";
    EXPECT_EQ(here, mounted / "idle");
    expect_names_work();
  }
  void expect_names_work() const {
    EXPECT_EQ(names_in("."), std::set<std::string>{"file"});
    EXPECT_EQ(content_of("file"), "hello\n");
    EXPECT_TRUE(std::filesystem::exists("../many"));
    EXPECT_FALSE(std::filesystem::exists("absent"));
  }

  MountOptions fill_the_account() {
    auto& blobs = account.service.blobs();
    blobs.put("test", "idle/file", "hello\n");
    blobs.put_folder("test", {.prefix = "many/", .folders = folders, .blobs = 1, .blob_size = 1});
    return account.mount("test").with("--memory", "64MiB");
  }

  ServedAccount account;
  const Mounted mounted{fill_the_account()};
};

TEST_F(WorkingDirectory, OutlivesItsEviction) {
  std::filesystem::current_path(mounted / "idle");

  fill_the_mount();

  expect_names_work();
  if (kernel_can_prune()) expect_all_works();
}

TEST_F(WorkingDirectory, OutlivesTheKernelsCaches) {
  std::ofstream order("/proc/sys/vm/drop_caches");
  if (!order) GTEST_SKIP() << "dropping the kernel's caches takes root";
  std::filesystem::current_path(mounted / "idle");

  ASSERT_TRUE(order << "2" << std::flush);

  expect_all_works();
}

}  // namespace
}  // namespace blobmount::tests
