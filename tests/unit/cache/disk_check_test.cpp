#include "cache/disk_check.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/eventually.hpp"
#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

/// So few that 64 versions are kept open.
class FewDescriptors {
 public:
  FewDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto few = before_;
    few.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

class DiskCheckTest : public DiskTierTest {
 protected:
  /// The file of `version`, once it has been checked.
  std::optional<LocalFile> local_file(const SharedVersion& version) {
    std::optional<LocalFile> file;
    (void)eventually(20s, [&] { return (file = tier->local_file(*version)).has_value(); });
    return file;
  }
};

TEST_F(DiskCheckTest, AWholeVersionHasAFileOfItsOwnLength) {
  const auto version = version_of_size("blob", 5 * page_size + 1);
  mount();
  keep(version);

  const auto file = local_file(version);

  ASSERT_TRUE(file);
  EXPECT_EQ(::lseek(*file->descriptor, 0, SEEK_END), static_cast<off_t>(version->size));
}

TEST_F(DiskCheckTest, PartsOfAVersionHaveNone) {
  const auto version = version_of("blob", 8);
  mount();
  EXPECT_TRUE(read(version, {0, 7}));
  mount();

  for (int i = 0; i < 10; ++i) EXPECT_FALSE(tier->local_file(*version));
}

TEST_F(DiskCheckTest, AVersionThatIsNotThereHasNone) {
  mount();

  EXPECT_FALSE(tier->local_file(*version_of("blob", 8)));
}

TEST_F(DiskCheckTest, AfterARemountItIsCheckedFirst) {
  const auto version = version_of("blob", 8);
  mount();
  keep(version);
  mount();

  EXPECT_FALSE(tier->local_file(*version));
  EXPECT_TRUE(local_file(version));
}

TEST_F(DiskCheckTest, AFileCanBeReadWhenItsTierHasEnded) {
  const auto version = version_of("blob", 2);
  mount();
  keep(version);
  const auto file = local_file(version);
  ASSERT_TRUE(file);

  tier->stop();

  char byte = 0;
  EXPECT_EQ(::pread(*file->descriptor, &byte, 1, 0), 1);
  EXPECT_FALSE(tier->local_file(*version)) << "from then on there are no new ones";
}

TEST_F(DiskCheckTest, AVersionWhoseFilesAreGoneIsNotCompleteForLong) {
  const auto version = version_of("blob", 2);
  const FewDescriptors few;
  mount();
  keep(version);
  settle();
  for (int i = 0; i < 100; ++i) keep(version_of(std::to_string(i), 1));  // by then its files are not open
  settle();
  for (const auto* extension : {".data", ".pages"}) {
    for (const auto& file : files(extension)) std::filesystem::remove(file);
  }
  EXPECT_TRUE(tier->complete(*version)) << "nobody has looked";

  EXPECT_FALSE(tier->local_file(*version));

  EXPECT_TRUE(eventually(20s, [&] { return !tier->complete(*version); }));
  EXPECT_THAT(missing(version), testing::UnorderedElementsAre(PageRange{0, 1}, PageRange{1, 1}));
}

}  // namespace
}  // namespace blobmount::tests
