#include "cache/disk_care.hpp"

#include <gtest/gtest.h>

#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

/// Blobs on disk, and the tier that keeps them.
class DiskCare : public DiskTierTest {
 protected:
  DiskCare() {
    mount();
    for (const auto* blob : {"a", "b"}) keep(version_of(blob, 3));
  }
  DiskProgress progress;
};

TEST_F(DiskCare, VerifyingLooksAtEachPage) {
  tier->verify(progress);

  EXPECT_EQ(progress.versions, 2U);
  EXPECT_EQ(progress.bytes, 6 * page_size);
  EXPECT_EQ(progress.bad, 0U);
}

TEST_F(DiskCare, VerifyingFindsWhatNoMountHasReadYet) {
  mount();

  tier->verify(progress);

  EXPECT_EQ(progress.versions, 2U);
  EXPECT_EQ(progress.bytes, 6 * page_size);
}

TEST_F(DiskCare, ABadPageIsFetchedAgain) {
  const auto name = disk_identity("https://account", *version_of("a", 3)).name;
  {
    std::fstream data(std::filesystem::path(path()) / data_file(name), std::ios::in | std::ios::out);
    data.seekg(static_cast<std::streamoff>(page_size));
    const auto byte = static_cast<char>(data.get() ^ 1);
    data.seekp(static_cast<std::streamoff>(page_size));
    data.put(byte);
  }

  tier->verify(progress);

  EXPECT_EQ(progress.bad, 1U);
  EXPECT_FALSE(tier->complete(*version_of("a", 3)));
  EXPECT_TRUE(tier->complete(*version_of("b", 3)));
  read_all(version_of("a", 3));
}

TEST_F(DiskCare, WhatNobodyCanUseIsRemoved) {
  const auto name = disk_identity("https://account", *version_of("a", 3)).name;
  std::ofstream(std::filesystem::path(path()) / side_file(name), std::ios::trunc) << "no side file";

  tier->verify(progress);

  EXPECT_EQ(progress.bad, 1U);
  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->stats().versions == 1; }));
  read_all(version_of("a", 3));
}

TEST_F(DiskCare, ASideFileThatSpeaksOfMoreBytesThanThereAreIsRemoved) {
  for (const auto& [blob, bit] : {std::pair("a", 60), std::pair("b", 63)}) {
    auto identity = disk_identity("https://account", *version_of(blob, 3));
    identity.blob_size |= std::uint64_t{1} << bit;
    const auto header = side_header(identity);
    std::fstream side(std::filesystem::path(path()) / side_file(identity.name), std::ios::in | std::ios::out);
    side.write(reinterpret_cast<const char*>(header.data()), static_cast<std::streamsize>(header.size()));
  }

  tier->verify(progress);

  EXPECT_EQ(progress.bad, 2U);
  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->stats().versions == 0; }));
}

TEST_F(DiskCare, VerifyingEndsWhenItIsTold) {
  progress.stop = true;

  tier->verify(progress);

  EXPECT_EQ(progress.versions, 0U);
}

TEST_F(DiskCare, ClearingRemovesAllFiles) {
  tier->clear(progress);

  EXPECT_EQ(progress.versions, 2U) << "what is being checked for the kernel is not spared";
  EXPECT_GE(progress.bytes, 6 * page_size);
  EXPECT_EQ(tier->stats().bytes, 0U);
  for (const auto& file : std::filesystem::directory_iterator(path()))
    EXPECT_EQ(file.path().filename(), "lock");
  read_all(version_of("a", 3));
}

TEST_F(DiskCare, ClearingLeavesWhatIsInUse) {
  const auto version = version_of("a", 3);
  std::optional<LocalFile> in_use;
  ASSERT_TRUE(eventually(std::chrono::seconds{20},
                         [&] { return (in_use = tier->local_file(*version)).has_value(); }));

  tier->clear(progress);

  EXPECT_EQ(progress.versions, 1U);
  EXPECT_TRUE(tier->complete(*version));
}

TEST(SideHeaders, TellWhoseTheyAre) {
  const auto identity =
      disk_identity("https://account", {.container = "c", .blob = "dir/b", .etag = "e", .size = 5ULL << 40U});
  auto header = side_header(identity);

  EXPECT_EQ(parse_side_header(header, identity.name), identity);
  EXPECT_EQ(parse_side_header(header, identity.name + 1), std::nullopt) << "the file of another";
  EXPECT_EQ(parse_side_header(std::span(header).first(header.size() - 8), identity.name), std::nullopt);
  header[30] ^= std::byte{1};
  EXPECT_EQ(parse_side_header(header, identity.name), std::nullopt) << "its text is damaged";
  EXPECT_EQ(parse_side_header({}, identity.name), std::nullopt);
  header = side_header(identity);
  header[8] = std::byte{2};
  EXPECT_EQ(parse_side_header(header, identity.name), std::nullopt) << "another format";
  header = side_header(identity);
  header[27] = std::byte{0xFF};
  EXPECT_EQ(parse_side_header(header, identity.name), std::nullopt) << "longer than any";
}

}  // namespace
}  // namespace blobmount::tests
