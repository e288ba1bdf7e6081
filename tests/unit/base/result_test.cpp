#include "blobmount/result.hpp"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

Result<int> parsed(bool good) {
  if (!good) return Error{ErrorCode::invalid_argument, "no number"};
  return 7;
}

Result<std::string> shown(bool good) {
  BM_ASSIGN(number, parsed(good));
  return std::to_string(number);
}

Status checked(bool good) {
  BM_TRY(parsed(good));
  return {};
}

TEST(Result, HoldsAValueOrTheErrorInItsPlace) {
  ASSERT_TRUE(parsed(true));
  EXPECT_EQ(*parsed(true), 7);
  ASSERT_FALSE(parsed(false));
  EXPECT_EQ(parsed(false).error().code, ErrorCode::invalid_argument);
}

TEST(Result, AssignGoesOnWithTheValueOrReturnsTheError) {
  EXPECT_EQ(shown(true).value(), "7");
  EXPECT_EQ(shown(false).error().message, "no number");
}

TEST(Result, TryGoesOnOrReturnsTheError) {
  EXPECT_TRUE(checked(true));
  EXPECT_EQ(checked(false).error().message, "no number");
}

TEST(Result, ValuesThatCanOnlyMoveMove) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);

  const auto owner = std::move(result).value();

  EXPECT_EQ(*owner, 3);
}

TEST(Error, SaysWhatWasBeingDone) {
  auto error = Error{ErrorCode::unavailable, "connection reset"}.within("read 'a'").within("mount 'b'");

  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_EQ(error.message, "mount 'b': read 'a': connection reset");
}

TEST(ErrorCode, EachHasANameOfItsOwn) {
  EXPECT_EQ(name_of(ErrorCode::not_found), "not_found");
  EXPECT_EQ(name_of(ErrorCode::internal), "internal");
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    EXPECT_NE(name_of(static_cast<ErrorCode>(i)), "unknown") << i;
  }
}

}  // namespace
}  // namespace blobmount
