/// The cache directory: it spares requests over mounts, and whatever becomes of it, bytes are the blob's.

#include <chrono>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fakes/synthetic_content.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1U << 10U, mib = 1U << 20U;
constexpr std::uint64_t size = 16 * mib;

bool is_data(const std::filesystem::path& file) { return file.extension() == ".data"; }

class DiskCache : public testing::Test {
 protected:
  DiskCache() { service.blobs().put_synthetic("test", "blob", size, 1); }

  [[nodiscard]] MountOptions options() const { return options_with(directory()); }
  [[nodiscard]] MountOptions options_with(const std::filesystem::path& cache) const {
    return account.mount("test").with("--attr-ttl", "0").with("--cache-dir", cache);
  }
  [[nodiscard]] std::filesystem::path directory() const { return parent.path() / "cache"; }

  static void expect_bytes(const Mounted& mounted, std::uint64_t seed, const std::string& blob = "blob") {
    const auto read = read_file(mounted / blob);
    EXPECT_EQ(read.error, 0);
    EXPECT_EQ(read.bytes.size(), size);
    EXPECT_TRUE(SyntheticContent(seed).matches(0, std::as_bytes(std::span(read.bytes)))) << blob;
  }

  /// Read the blob once, and wait until all of it has been written.
  void fill() {
    const Mounted mounted(options());
    expect_bytes(mounted, 1);
    EXPECT_TRUE(eventually(20s, [this] { return written() >= size; }));
  }

  /// What the data files take on the disk.
  [[nodiscard]] std::uint64_t written() const {
    while (true) {
      std::uint64_t bytes = 0;
      const auto names = names_in(directory());
      for (const auto& name : names) {
        const auto status = status_of(directory() / name);
        if (is_data(name) && status) bytes += 512U * static_cast<std::uint64_t>(status->st_blocks);
      }
      if (names_in(directory()) == names) return bytes;  // else what came is counted, and what went
    }
  }

  /// Change every byte of the data files.
  void spoil() const {
    int spoilt = 0;
    for (const auto& name : names_in(directory())) {
      if (!is_data(name)) continue;
      auto bytes = read_file(directory() / name).bytes;
      for (auto& byte : bytes) byte = static_cast<char>(byte ^ 0x10);
      std::fstream(directory() / name, std::ios::binary | std::ios::in | std::ios::out) << bytes;
      ++spoilt;
    }
    EXPECT_GT(spoilt, 0);
  }

  [[nodiscard]] ServiceCounts counts() { return service.stats().counts(); }
  [[nodiscard]] std::uint64_t gets() { return counts().of(RequestKind::get_blob); }

  ServedAccount account;
  BlobService& service = account.service;
  const TemporaryDirectory parent;
};

TEST_F(DiskCache, WhatWasReadIsNotAskedForAfterTheNextMount) {
  fill();
  service.stats().reset();

  const Mounted again(options());

  expect_bytes(again, 1);
  EXPECT_EQ(gets(), 0U);
}

TEST_F(DiskCache, SurvivesAKill) {
  {
    const Mounted mounted(options());
    expect_bytes(mounted, 1);
    ASSERT_TRUE(eventually(20s, [this] { return written() >= size; }));
    std::this_thread::sleep_for(2s);  // for the last page to be recorded
    mounted.process().signal(SIGKILL);
    ASSERT_EQ(mounted.process().wait(20s), 128 + SIGKILL);
  }
  service.stats().reset();

  const Mounted again(options());

  expect_bytes(again, 1);
  EXPECT_EQ(gets(), 0U);
}

TEST_F(DiskCache, SurvivesAKillInTheMiddle) {
  for (int i = 0; i < 3; ++i) {
    const Mounted mounted(options());
    const Process reader({.arguments = {"cat", mounted / "blob"}});
    (void)eventually(20s, [&] { return std::filesystem::exists(directory()) && written() > 0; });
    mounted.process().signal(SIGKILL);
    ASSERT_EQ(mounted.process().wait(20s), 128 + SIGKILL);
  }

  const Mounted again(options());

  expect_bytes(again, 1);
}

TEST_F(DiskCache, IsNobodyElsesToRead) {
  fill();

  EXPECT_EQ(status_of(directory())->st_mode & 07777U, 0700U);
  EXPECT_GE(names_in(directory()).size(), 2U);
  for (const auto& name : names_in(directory())) {
    EXPECT_EQ(status_of(directory() / name)->st_mode & 07777U, 0600U) << name;
  }
}

TEST_F(DiskCache, BelongsToOneMountAtATime) {
  const TemporaryDirectory other;
  const auto same = options();
  std::vector<std::string> arguments{same.source, other.path(), "--foreground"};
  arguments.insert(arguments.end(), same.arguments.begin(), same.arguments.end());
  {
    const Mounted first(same);

    const auto second = run(blobmount_command(arguments, same.environment));

    ASSERT_TRUE(second);
    EXPECT_EQ(second->status, 1);
    EXPECT_NE(second->error_output.find("cache directory '" + directory().string() +
                                        "': it is in use by another blobmount"),
              std::string::npos)
        << second->error_output;
    EXPECT_NE(second->error_output.find("pid " + std::to_string(first.process().pid())), std::string::npos)
        << second->error_output;
    EXPECT_FALSE(is_mounted(other.path()));
    expect_bytes(first, 1);
  }
  const Mounted next(options());
  expect_bytes(next, 1);
}

TEST_F(DiskCache, BytesThatWentBadAreFetchedAgain) {
  fill();
  spoil();
  service.stats().reset();
  {
    const Mounted mounted(options());
    expect_bytes(mounted, 1);
    EXPECT_GE(counts().body_bytes, size) << "none of it could be used";
    EXPECT_EQ(mounted.times_logged("bad page"), 1) << mounted.log();
  }
  service.stats().reset();

  const Mounted again(options());

  expect_bytes(again, 1);
  EXPECT_EQ(gets(), 0U) << "and good bytes stand in their place";
}

TEST_F(DiskCache, ThatIsTooSmallDoesNoHarm) {
  (void)blobmount_command({});  // mounts of our own
  std::filesystem::create_directory(directory());
  if (::mount("tmpfs", directory().c_str(), "tmpfs", 0, "size=8m,mode=0700") != 0) {
    GTEST_SKIP() << "mounting a tmpfs takes root";
  }
  {
    const Mounted mounted(options().with("--cache-free-space", "0"));
    for (int i = 0; i < 2; ++i) {
      expect_bytes(mounted, 1);
      service.blobs().put_synthetic("test", "blob", size, 1);  // to be fetched again
    }

    EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("disk cache is not written") > 0; }))
        << mounted.log();
    EXPECT_EQ(mounted.times_logged("disk cache is not written"), 1) << mounted.log();
    EXPECT_EQ(mounted.times_logged("bad page"), 0) << mounted.log();
  }
  detach(directory());
}

TEST_F(DiskCache, ThatGoesAwayDoesNoHarm) {
  service.blobs().put_synthetic("test", "next", size, 2);
  const Mounted mounted(options());
  expect_bytes(mounted, 1);
  ASSERT_TRUE(eventually(20s, [this] { return written() >= size; }));

  std::filesystem::remove_all(directory());

  expect_bytes(mounted, 1);
  expect_bytes(mounted, 2, "next");
  service.blobs().put_synthetic("test", "blob", size, 3);
  expect_bytes(mounted, 3);
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("disk cache is not written") > 0; }));
  EXPECT_EQ(mounted.times_logged("disk cache"), 1) << mounted.log();
}

/// As a file system does when its disk fails: no remounting, for the cache has files open.
TEST_F(DiskCache, ThatTurnsReadOnlyDoesNoHarm) {
  (void)blobmount_command({});  // mounts of our own
  const auto disk = parent.path() / "disk";
  std::filesystem::create_directory(disk);
  const auto made = run({.arguments = {"sh", "-c", R"(truncate -s 64M "$1.img" && mkfs.ext4 -q -F "$1.img" &&
                                                     mount -o loop "$1.img" "$1")",
                                       "sh", disk}});
  if (!made || made->status != 0)
    GTEST_SKIP() << "no file system of our own: it takes root, and a loop device";
  service.blobs().put_synthetic("test", "next", size, 2);
  const auto on_disk = options_with(disk / "cache").with("--cache-free-space", "0");
  {
    const Mounted mounted(on_disk);
    expect_bytes(mounted, 1);
  }
  {
    const Mounted mounted(on_disk);
    const auto aborted = run({.arguments = {"mount", "-o", "remount,abort", disk}});
    ASSERT_TRUE(aborted && aborted->status == 0) << aborted->error_output;
    ASSERT_NE(run({.arguments = {"touch", disk / "file"}})->status, 0) << "it is read-only";
    service.stats().reset();

    expect_bytes(mounted, 1);
    EXPECT_EQ(gets(), 0U) << "what is there can still be read";
    for (int i = 0; i < 2; ++i) expect_bytes(mounted, 2, "next");
    service.blobs().put_synthetic("test", "blob", size, 3);
    expect_bytes(mounted, 3);
    EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("disk cache is not written") > 0; }));
    EXPECT_EQ(mounted.times_logged("disk cache"), 1) << mounted.log();
  }
  detach(disk);
}

TEST_F(DiskCache, AChangedBlobIsReadAnew) {
  fill();
  service.blobs().put_synthetic("test", "blob", size, 2);

  const Mounted again(options());

  expect_bytes(again, 2);
}

TEST_F(DiskCache, HoldsNoMoreThanItMay) {
  for (int i = 0; i < 4; ++i) service.blobs().put_synthetic("test", std::to_string(i), size, 1);
  const Mounted mounted(options().with("--cache-size", "20MiB"));

  for (int i = 0; i < 4; ++i) {
    expect_bytes(mounted, 1, std::to_string(i));
    EXPECT_LE(written(), 21 * mib);
  }
  std::this_thread::sleep_for(500ms);
  EXPECT_LE(written(), 20 * mib);
  EXPECT_GT(written(), 64 * kib);
}

}  // namespace
}  // namespace blobmount::tests
