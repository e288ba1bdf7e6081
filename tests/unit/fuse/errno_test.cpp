#include "fuse/errno.hpp"

#include <cerrno>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

const std::vector<std::pair<ErrorCode, int>> table{
    {ErrorCode::not_found, ENOENT},
    {ErrorCode::already_exists, EEXIST},
    {ErrorCode::not_empty, ENOTEMPTY},
    {ErrorCode::not_a_directory, ENOTDIR},
    {ErrorCode::is_a_directory, EISDIR},
    {ErrorCode::changed, ESTALE},
    {ErrorCode::permission_denied, EACCES},
    {ErrorCode::not_permitted, EPERM},
    {ErrorCode::unauthenticated, EACCES},
    {ErrorCode::throttled, EIO},
    {ErrorCode::unavailable, EIO},
    {ErrorCode::unreachable, EIO},
    {ErrorCode::untrusted, EIO},
    {ErrorCode::timed_out, EIO},
    {ErrorCode::cancelled, EIO},
    {ErrorCode::invalid_argument, EINVAL},
    {ErrorCode::name_too_long, ENAMETOOLONG},
    {ErrorCode::unsupported, EOPNOTSUPP},
    {ErrorCode::too_large, EFBIG},
    {ErrorCode::no_space, EDQUOT},
    {ErrorCode::busy, EBUSY},
    {ErrorCode::corrupt, EIO},
    {ErrorCode::internal, EIO},
};

TEST(Errno, IsThatOfTheTable) {
  for (const auto& [code, expected] : table) EXPECT_EQ(errno_of(code), expected) << name_of(code);
}

TEST(Errno, IsKnownForEveryCode) {
  std::set<ErrorCode> listed;
  for (const auto& [code, expected] : table) listed.insert(code);

  for (int value = 0; value <= static_cast<int>(ErrorCode::internal); ++value) {
    const auto code = static_cast<ErrorCode>(value);
    EXPECT_TRUE(listed.contains(code)) << name_of(code);
    EXPECT_NE(name_of(code), "unknown") << value;
  }
}

}  // namespace
}  // namespace blobmount
