/// The tree: what a directory shows while it is listed, what walks cost, what is kept for how long, and
/// extended attributes.

#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::size_t kib = 1024;

std::string output_of(const std::string& command, const std::filesystem::path& directory) {
  const auto finished = run({.arguments = {"sh", "-c", command}, .directory = directory}, 60s);
  return finished ? finished->output + finished->error_output : "it hangs";
}

std::vector<std::string> attribute_names(const std::filesystem::path& path) {
  std::string list(64 * kib, '\0');
  const auto length = ::listxattr(path.c_str(), list.data(), list.size());
  if (length < 0) return {"error"};
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < static_cast<std::size_t>(length);) {
    names.emplace_back(list.c_str() + begin);
    begin += names.back().size() + 1;
  }
  return names;
}

/// Its value, or "error: " and the number.
std::string attribute(const std::filesystem::path& path, const std::string& name) {
  std::string value(64 * kib, '\0');
  const auto length = ::getxattr(path.c_str(), name.c_str(), value.data(), value.size());
  if (length < 0) return "error: " + std::to_string(errno);
  value.resize(static_cast<std::size_t>(length));
  return value;
}

class Tree : public testing::Test {
 protected:
  ServiceCounts requests_of(const std::function<void()>& action) {
    service.stats().reset();
    action();
    return service.stats().counts();
  }

  ServedAccount account;
  BlobService& service = account.service;
};

TEST_F(Tree, FindOverAHundredDirectoriesCostsAFewLists) {
  service.blobs().put_folder("test", {.folders = 100, .blobs = 100, .blob_size = 7});
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));

  std::string count;
  const auto requests =
      requests_of([&] { count = output_of("find . -type f -size +0 | wc -l", mounted.path()); });

  EXPECT_EQ(count, "10000\n");
  EXPECT_LE(requests.of(RequestKind::list_blobs), 8U) << "4, and some more on a busy machine";
  EXPECT_EQ(requests.all(), requests.of(RequestKind::list_blobs));
}

TEST_F(Tree, SmallFilesAreCopiedAtTheCostOfOneGetEach) {
  service.blobs().put_folder("test", {.folders = 10, .blobs = 50, .blob_size = 16 * kib});
  // long enough that nothing is asked again because the machine is slow
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));
  const TemporaryDirectory target;

  std::string said;
  const auto requests =
      requests_of([&] { said = output_of("cp -r . " + (target.path() / "copy").string(), mounted.path()); });

  EXPECT_EQ(said, "");
  EXPECT_EQ(output_of("diff -r . " + (target.path() / "copy").string(), mounted.path()), "");
  EXPECT_LE(requests.of(RequestKind::get_blob), 600U) << "of 500 files: a sixth in vain at most";
  EXPECT_LE(requests.of(RequestKind::list_blobs), 5U);
}

TEST_F(Tree, FirstNamesAreShownWhileTheRestIsListed) {
  service.blobs().put_folder("test", {.blobs = 5001, .blob_size = 7});
  const Mounted mounted(account.mount("test"));
  service.faults().add({.fault = {.kind = FaultKind::stall, .time = 9s},
                        .request = RequestKind::list_blobs,
                        .first = 2,
                        .times = 1});
  const auto begin = std::chrono::steady_clock::now();
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(mounted.path().c_str()), &::closedir);
  ASSERT_TRUE(directory);

  for (int i = 0; i < 100; ++i) ASSERT_NE(::readdir(directory.get()), nullptr);
  const auto first_names = std::chrono::steady_clock::now() - begin;
  int rest = 0;
  while (::readdir(directory.get()) != nullptr) ++rest;
  const auto all_names = std::chrono::steady_clock::now() - begin;

  EXPECT_LT(first_names, 8s);
  EXPECT_EQ(rest, 5003 - 100);
  EXPECT_GE(all_names, 9s);
}

TEST_F(Tree, WhatIsKnownIsNotAskedForAgainWithinItsAge) {
  service.blobs().put_folder("test", {.folders = 5, .blobs = 100, .blob_size = 7});
  for (const auto* const consistency : {"cached:1h", "immutable"}) {
    const Mounted mounted(account.mount("test").with("--consistency", consistency));
    const auto* const walk = "find . -type f -print0 | xargs -0 cat | wc -c; ls -lR | wc -l; test -e absent";
    const auto first = output_of(walk, mounted.path());

    std::string second;
    const auto requests = requests_of([&] { second = output_of(walk, mounted.path()); });

    EXPECT_EQ(second, first);
    EXPECT_EQ(requests.all(), 0U) << consistency;
  }
}

TEST_F(Tree, AnOverwriteOfTheSameSizeIsSeenByTheNextOpenAfterItsAge) {
  service.blobs().put("test", "file", std::string(kib, 'a'));
  const Mounted mounted(account.mount("test"));
  ASSERT_EQ(output_of("cat file", mounted.path()), std::string(kib, 'a'));

  service.blobs().put("test", "file", std::string(kib, 'b'));
  std::this_thread::sleep_for(1100ms);

  EXPECT_EQ(output_of("cat file", mounted.path()), std::string(kib, 'b'));
  EXPECT_EQ(output_of("cat file", mounted.path()), std::string(kib, 'b'));
}

TEST_F(Tree, AMappedFileShowsTheNewVersionWhenItIsOpenedAgain) {
  service.blobs().put("test", "file", std::string(8 * kib, 'a'));
  const Mounted mounted(account.mount("test"));
  const auto mapped_byte = [&] {
    const FileHandle file(mounted / "file");
    auto* const memory = ::mmap(nullptr, 8 * kib, PROT_READ, MAP_SHARED, file.descriptor(), 0);
    const char byte = memory != MAP_FAILED ? static_cast<const char*>(memory)[5 * kib] : '?';
    ::munmap(memory, 8 * kib);
    return byte;
  };
  ASSERT_EQ(mapped_byte(), 'a');

  service.blobs().put("test", "file", std::string(8 * kib, 'b'));
  std::this_thread::sleep_for(1100ms);

  EXPECT_EQ(mapped_byte(), 'b');
}

TEST_F(Tree, AListingThatShowsOtherwiseDropsWhatTheKernelKeeps) {
  service.blobs().put("test", "d/gone", "text");
  service.blobs().put("test", "d/grows", "text");
  service.blobs().put("test", "d/stays", "text");
  // ten times that is how long the kernel would keep what stat shows
  const Mounted mounted(account.mount("test").with("--attr-ttl", "2"));
  ASSERT_THAT(names_in(mounted / "d"), ElementsAre("gone", "grows", "stays"));
  ASSERT_EQ(status_of(mounted / "d/gone")->st_size, 4);
  ASSERT_EQ(status_of(mounted / "d/grows")->st_size, 4);

  service.blobs().remove("test", "d/gone");
  service.blobs().put("test", "d/grows", "longer text");
  std::this_thread::sleep_for(2100ms);
  ASSERT_THAT(names_in(mounted / "d"), ElementsAre("grows", "stays"));

  EXPECT_TRUE(eventually(20s, [&] { return stat_error(mounted / "d/gone") == ENOENT; }));
  EXPECT_TRUE(eventually(20s, [&] {
    const auto status = status_of(mounted / "d/grows");
    return status && status->st_size == 11;
  }));
}

TEST_F(Tree, AFileShowsWhatTheServiceSaysOfTheBlob) {
  service.blobs().put("test", "a dir/b#1", "text", {{"origin", "here"}});
  const Mounted mounted(account.mount("test"));
  const auto file = mounted / "a dir/b#1";

  EXPECT_THAT(attribute_names(file),
              ElementsAre("user.blob.etag", "user.blob.content_type", "user.blob.tier", "user.blob.type",
                          "user.blob.url", "user.blob.metadata.origin"));
  EXPECT_EQ(attribute(file, "user.blob.tier"), "Hot");
  EXPECT_EQ(attribute(file, "user.blob.type"), "BlockBlob");
  EXPECT_EQ(attribute(file, "user.blob.content_type"), "application/octet-stream");
  EXPECT_EQ(attribute(file, "user.blob.metadata.origin"), "here");
  EXPECT_THAT(attribute(file, "user.blob.url"), HasSubstr("/test/a%20dir/b%231"));
  EXPECT_EQ(attribute(file, "user.blob.etag"), service.blobs().find("test", "a dir/b#1")->etag);
  EXPECT_EQ(attribute(file, "user.blob.absent"), "error: " + std::to_string(ENODATA));
  EXPECT_EQ(attribute(file, "user.other"), "error: " + std::to_string(ENODATA));
  EXPECT_EQ(attribute(file, "security.selinux"), "error: " + std::to_string(EOPNOTSUPP));
  EXPECT_THAT(attribute_names(mounted / "a dir"), ElementsAre());

  const auto requests = requests_of([&] { (void)attribute_names(file); });
  EXPECT_EQ(requests.all(), 0U) << "it comes from what is known";
}

TEST_F(Tree, AnArchivedBlobSaysSoAndFailsAtOpen) {
  service.blobs().put_blob("test", "cold", {.size = 100, .access_tier = "Archive"});
  const Mounted mounted(account.mount("test"));
  ASSERT_THAT(names_in(mounted.path()), ElementsAre("cold"));

  for (int i = 0; i < 10; ++i) EXPECT_EQ(FileHandle(mounted / "cold").error(), EPERM);

  EXPECT_EQ(attribute(mounted / "cold", "user.blob.tier"), "Archive");
  EXPECT_EQ(status_of(mounted / "cold")->st_size, 100);
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("rehydrated") > 0; })) << "it is on its way";
  EXPECT_EQ(mounted.times_logged("rehydrated"), 1) << mounted.log();
}

TEST_F(Tree, AnAccountShowsTheContainersThatWereChosen) {
  for (const auto* const name : {"logs-1", "logs-2", "models", "$web"})
    service.blobs().create_container(name);

  const Mounted all(account.mount());
  const Mounted some(account.mount().with("--containers", "logs-*,$web"));

  EXPECT_THAT(names_in(all.path()), UnorderedElementsAre("logs-1", "logs-2", "models"));
  EXPECT_THAT(names_in(some.path()), UnorderedElementsAre("logs-1", "logs-2", "$web"));
  EXPECT_EQ(stat_error(all / "$web"), ENOENT);
  EXPECT_EQ(stat_error(some / "models"), ENOENT);

  service.blobs().create_container("logs-3");
  service.blobs().delete_container("logs-1");
  EXPECT_TRUE(eventually(20s, [&] {
    return names_in(some.path()) == std::set<std::string>{"logs-2", "logs-3", "$web"};
  }));
}

}  // namespace
}  // namespace blobmount::tests
