#include "fuse/kernel_read_ahead.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::HasSubstr;

TEST(KernelReadAhead, OfADirectoryWhereNothingIsMountedCannotBeRaised) {
  const tests::TemporaryDirectory directory;

  const auto raised = raise_read_ahead(directory.path(), kernel_read_ahead);

  ASSERT_FALSE(raised);
  EXPECT_EQ(raised.error().code, ErrorCode::not_found);
  EXPECT_THAT(raised.error().message, HasSubstr(directory.path().string()));
}

TEST(KernelReadAhead, OfNothingCannotBeRaised) {
  EXPECT_FALSE(raise_read_ahead("/no/such/place", kernel_read_ahead));
  EXPECT_FALSE(raise_read_ahead("", kernel_read_ahead));
}

TEST(KernelReadAhead, OfWhatHasNoSuchSettingIsAnErrorThatNamesIt) {
  // /proc is mounted everywhere, on no device
  const auto raised = raise_read_ahead("/proc", kernel_read_ahead);

  ASSERT_FALSE(raised);
  EXPECT_EQ(raised.error().code, ErrorCode::permission_denied);
  EXPECT_THAT(raised.error().message, HasSubstr("/read_ahead_kb"));
}

}  // namespace
}  // namespace blobmount
