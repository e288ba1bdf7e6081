#include "cache/disk_scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

FoundFile file(const std::string& name, std::uint64_t allocated = 0, int second = 0) {
  return {.name = name, .allocated = allocated, .modified = WallTime{std::chrono::seconds{second}}};
}

std::vector<DiskName> names_in(const DiskScan& scan) {
  std::vector<DiskName> names;
  for (const auto& version : scan.versions) names.push_back(version.name);
  return names;
}

TEST(DiskScan, VersionsAreOrderedByTheTimeOfTheirSideFiles) {
  const auto scan = scan_of({file(data_file(1), 0, 9), file(side_file(1), 0, 3), file(data_file(2), 0, 1),
                             file(side_file(2), 0, 5), file(data_file(3)), file(side_file(3), 0, 4)});

  EXPECT_THAT(names_in(scan), ElementsAre(1, 3, 2));
}

TEST(DiskScan, BothFilesCount) {
  const auto scan = scan_of({file(side_file(7), 4096), file(data_file(7), 65536)});

  ASSERT_EQ(scan.versions.size(), 1U);
  EXPECT_EQ(scan.versions[0].bytes, 69632U);
}

TEST(DiskScan, AFileWithoutTheOtherIsAnOrphan) {
  const auto scan = scan_of({file(side_file(1)), file(data_file(2))});

  EXPECT_THAT(scan.versions, IsEmpty());
  EXPECT_THAT(scan.orphans, UnorderedElementsAre(side_file(1), data_file(2)));
}

TEST(DiskScan, FilesOfOthersAreLeftAlone) {
  const auto scan = scan_of({file("lock"), file("README"), file("1.data"), file("1.pages")});

  EXPECT_THAT(scan.versions, IsEmpty());
  EXPECT_THAT(scan.orphans, IsEmpty());
}

}  // namespace
}  // namespace blobmount
