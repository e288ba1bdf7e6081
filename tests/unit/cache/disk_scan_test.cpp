#include "cache/disk_scan.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::size_t any_number = 1000;

FoundFile file(const std::string& name, std::uint64_t allocated = 0, int second = 0) {
  return {.name = name, .allocated = allocated, .modified = WallTime{std::chrono::seconds{second}}};
}

/// Lists what it was given, but not what was removed.
class ListedDirectory final : public CacheDirectory {
 public:
  explicit ListedDirectory(std::vector<FoundFile> files) : files_(std::move(files)) {}

  Result<std::unique_ptr<File>> open(const std::string&) override { return unsupported; }
  Result<std::unique_ptr<File>> create(const std::string&) override { return unsupported; }
  Status remove(const std::string& name) override {
    removed.insert(name);
    return {};
  }
  Status list(std::string_view suffix, const std::function<void(const FoundFile&)>& found) override {
    for (const auto& each : files_) {
      if (each.name.ends_with(suffix) && !removed.contains(each.name)) found(each);
    }
    return {};
  }
  Result<std::uint64_t> free_space() override { return unsupported; }

  std::set<std::string> removed{};

 private:
  const Error unsupported{ErrorCode::unsupported, "nobody needs it here"};
  const std::vector<FoundFile> files_;
};

std::vector<FoundVersion> versions_in(CacheDirectory& directory, std::size_t most = any_number) {
  auto versions = scan(directory, most);
  EXPECT_TRUE(versions);
  return *std::move(versions);
}

std::vector<DiskName> names_in(CacheDirectory& directory, std::size_t most = any_number) {
  std::vector<DiskName> names;
  for (const auto& version : versions_in(directory, most)) names.push_back(version.name);
  return names;
}

TEST(DiskScan, VersionsAreOrderedByTheTimeOfTheirSideFiles) {
  ListedDirectory directory({file(data_file(1), 0, 9), file(side_file(1), 0, 3), file(data_file(2), 0, 1),
                             file(side_file(2), 0, 5), file(data_file(3)), file(side_file(3), 0, 4)});

  EXPECT_THAT(names_in(directory), ElementsAre(1, 3, 2));
  EXPECT_THAT(directory.removed, IsEmpty());
}

TEST(DiskScan, BothFilesCount) {
  ListedDirectory directory({file(side_file(7), 4096), file(data_file(7), 65536)});

  const auto versions = versions_in(directory);

  ASSERT_EQ(versions.size(), 1U);
  EXPECT_EQ(versions[0].bytes, 69632U);
}

TEST(DiskScan, AFileWithoutTheOtherIsRemoved) {
  ListedDirectory directory({file(side_file(1)), file(data_file(2)), file(side_file(3)), file(data_file(3))});

  EXPECT_THAT(names_in(directory), ElementsAre(3));
  EXPECT_THAT(directory.removed, UnorderedElementsAre(side_file(1), data_file(2)));
}

TEST(DiskScan, FilesOfOthersAreLeftAlone) {
  ListedDirectory directory({file("lock"), file("README"), file("1.data"), file("1.pages")});

  EXPECT_THAT(names_in(directory), IsEmpty());
  EXPECT_THAT(directory.removed, IsEmpty());
}

TEST(DiskScan, OfMoreVersionsThanThereMayBeTheLeastUsedAreRemoved) {
  std::vector<FoundFile> files;
  for (int i = 0; i < 100; ++i) {
    const int second = i * 37 % 100;  // in no order
    const auto name = static_cast<DiskName>(second);
    files.push_back(file(data_file(name), 4096));
    files.push_back(file(side_file(name), 4096, second));
  }
  ListedDirectory directory(std::move(files));

  EXPECT_THAT(names_in(directory, 3), ElementsAre(97, 98, 99));
  EXPECT_EQ(directory.removed.size(), 2 * 97U);
  EXPECT_FALSE(directory.removed.contains(data_file(97)));
}

TEST(DiskSurvey, CountsWhatIsOursAndRemovesNothing) {
  ListedDirectory directory({file(side_file(1), 4096), file(data_file(1), 65536), file(data_file(2), 65536),
                             file("README.data", 65536), file("lock", 4096)});

  const auto seen = survey(directory);

  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->versions, 1U);
  EXPECT_EQ(seen->bytes, 4096U + 2 * 65536U);
  EXPECT_THAT(directory.removed, IsEmpty());
}

}  // namespace
}  // namespace blobmount
