/// Directories: complete however long, and at the price of their pages.

#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include <dirent.h>
#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

Directory open_directory(const std::filesystem::path& path) { return {::opendir(path.c_str()), &::closedir}; }

/// The next names, at most so many, "." and ".." among them.
std::vector<std::string> next_names(const Directory& directory, std::size_t most = SIZE_MAX) {
  std::vector<std::string> names;
  while (names.size() < most) {
    const auto* const entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    names.emplace_back(entry->d_name);
  }
  return names;
}

std::string output_of(const std::string& command, const std::filesystem::path& directory) {
  const auto finished = run({.arguments = {"sh", "-c", command}, .directory = directory}, 60s);
  return finished ? finished->output + finished->error_output : "it hangs";
}

/// A service that counts, with folders of 0, 1, 4,999 to 5,001 and 10,000 blobs.
class Listing : public testing::Test {
 protected:
  Listing() {
    for (const std::uint64_t count : {1U, 4999U, 5000U, 5001U, 10000U}) {
      service.blobs().put_folder("test",
                                 {.prefix = std::to_string(count) + "/", .blobs = count, .blob_size = 7});
    }
  }

  ServiceCounts requests_of(const std::function<void()>& action) {
    service.stats().reset();
    action();
    return service.stats().counts();
  }

  ServedAccount account;
  BlobService& service = account.service;
};

TEST_F(Listing, WithAttributesCostsItsPagesAndNothingElse) {
  for (const std::uint64_t count : {1U, 4999U, 5000U, 5001U, 10000U}) {
    const Mounted mounted(account.mount("test/" + std::to_string(count))
                              .with("--attr-ttl", "60")
                              .with("--stall-timeout", "120"));
    std::string lines;

    const auto requests = requests_of([&] { lines = output_of("ls -l | wc -l", mounted.path()); });

    EXPECT_EQ(lines, std::to_string(count + 1) + "\n");
    EXPECT_EQ(requests.of(RequestKind::list_blobs), (count + 4999) / 5000) << count << " blobs";
    EXPECT_EQ(requests.all(), requests.of(RequestKind::list_blobs)) << "and no HEAD";
  }
}

TEST_F(Listing, IsNotAskedForAgainByWhoLooksAtWhatItShowed) {
  const Mounted mounted(account.mount("test/10000").with("--attr-ttl", "60"));
  ASSERT_EQ(names_in(mounted.path()).size(), 10000U);
  const SyntheticFolder folder{.blobs = 10000};

  const auto requests = requests_of([&] {
    for (std::uint64_t i = 0; i < folder.count(); i += 100) {
      const auto status = status_of(mounted / folder.name(i));
      ASSERT_TRUE(status);
      ASSERT_EQ(status->st_size, 7);
    }
  });

  EXPECT_EQ(requests.all(), 0U);
}

TEST_F(Listing, FollowsMarkersOverPagesThatAreEmpty) {
  service.faults().add({.fault = {.kind = FaultKind::empty_page},
                        .request = RequestKind::list_blobs,
                        .name = "test/10000/",
                        .first = 1,
                        .every = 2});
  const Mounted mounted(account.mount("test").with("--no-check"));

  EXPECT_EQ(names_in(mounted / "10000").size(), 10000U);
}

TEST_F(Listing, OfEverythingBelowIsRight) {
  const Mounted mounted(account.mount());
  EXPECT_EQ(output_of("find test -type f | wc -l", mounted.path()), "25001\n");
}

TEST_F(Listing, ANameAloneCostsOneHeadAndOneList) {
  service.blobs().put("test", "dir/file", "text");
  const Mounted mounted(account.mount("test"));

  for (const std::string path : {"1", "absent"}) {
    const auto requests = requests_of([&] { (void)stat_error(mounted / path); });
    EXPECT_EQ(requests.of(RequestKind::head_blob), 1U) << path;
    EXPECT_EQ(requests.of(RequestKind::list_blobs), 1U) << path;
    EXPECT_EQ(requests.all(), 2U) << path;
  }
}

TEST_F(Listing, NumbersAreThoseOfStat) {
  const Mounted mounted(account.mount("test"));
  for (const auto* const place : {".", "1", "5001"}) {
    const auto directory = open_directory(mounted / place);
    ASSERT_TRUE(directory);
    for (int i = 0; i < 50; ++i) {
      const auto* const entry = ::readdir(directory.get());
      if (entry == nullptr) break;
      if (std::string(entry->d_name) == "..") continue;
      const auto status = status_of(mounted / place / entry->d_name);
      ASSERT_TRUE(status);
      EXPECT_EQ(entry->d_ino, status->st_ino) << place << "/" << entry->d_name;
      EXPECT_EQ(entry->d_type, S_ISDIR(status->st_mode) ? DT_DIR : DT_REG) << entry->d_name;
    }
  }
}

TEST_F(Listing, CanBeLeftAndReturnedTo) {
  const Mounted mounted(account.mount("test/5001"));
  const auto directory = open_directory(mounted.path());
  ASSERT_TRUE(directory);
  const auto first = next_names(directory, 1000);
  const auto place = ::telldir(directory.get());
  const auto rest = next_names(directory);
  ASSERT_EQ(first.size() + rest.size(), 5003U);

  ::seekdir(directory.get(), place);
  EXPECT_EQ(next_names(directory), rest);
  ::rewinddir(directory.get());
  EXPECT_EQ(next_names(directory, 1000), first);
}

TEST_F(Listing, OfAnOpenDirectoryStaysWhatItWas) {
  for (int i = 0; i < 1000; ++i) service.blobs().put("test", "going/" + std::to_string(i), "text");
  const Mounted mounted(account.mount("test").with("--attr-ttl", "0"));
  const auto directory = open_directory(mounted / "going");
  ASSERT_TRUE(directory);
  ASSERT_EQ(next_names(directory, 10).size(), 10U);

  for (int i = 0; i < 1000; ++i) service.blobs().remove("test", "going/" + std::to_string(i));

  EXPECT_EQ(next_names(directory).size(), 992U);
  EXPECT_TRUE(eventually(20s, [&] { return stat_error(mounted / "going") == ENOENT; }))
      << "a directory is gone with its last blob";
}

TEST_F(Listing, ShowsWhatIsNewWithinASecond) {
  const Mounted mounted(account.mount("test/1"));
  ASSERT_EQ(names_in(mounted.path()).size(), 1U);
  ASSERT_EQ(stat_error(mounted / "new"), ENOENT);

  service.blobs().put("test", "1/new", "text");
  std::this_thread::sleep_for(1100ms);

  EXPECT_EQ(content_of(mounted / "new"), "text") << "a name that was absent";
  EXPECT_EQ(names_in(mounted.path()).size(), 2U);
}

TEST_F(Listing, ThatFailsIsAnErrorAndNotAShortDirectory) {
  service.faults().add_always({.kind = FaultKind::status, .status = 403, .code = "AuthorizationFailure"},
                              RequestKind::list_blobs, "test/10000");
  const Mounted mounted(account.mount("test"));
  const auto said = output_of("ls 10000", mounted.path());
  EXPECT_NE(said.find("Permission denied"), std::string::npos) << said;
}

}  // namespace
}  // namespace blobmount::tests
