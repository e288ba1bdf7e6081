#include "auth/automatic_source.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/fake_token_source.hpp"
#include "fakes/manual_clock.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;

class Automatic : public testing::Test {
 protected:
  Automatic() {
    auto machine = std::make_unique<tests::FakeTokenSource>(clock_, 24h);
    auto user = std::make_unique<tests::FakeTokenSource>(clock_, 1h);
    machine_ = machine.get();
    user_ = user.get();
    std::vector<std::unique_ptr<TokenSource>> candidates;
    candidates.push_back(std::move(machine));
    candidates.push_back(std::move(user));
    source_ = std::make_unique<AutomaticSource>(std::move(candidates));
  }

  tests::ManualClock clock_;
  tests::FakeTokenSource* machine_ = nullptr;  ///< these two live as long as they are of use to `source_`
  tests::FakeTokenSource* user_ = nullptr;
  std::unique_ptr<AutomaticSource> source_;
};

TEST_F(Automatic, TheFirstThatIsThereIsUsedAndTheOthersAreNotAsked) {
  ASSERT_TRUE(source_->request_token());
  machine_->fail_with(ErrorCode::unreachable, "gone");

  const auto second = source_->request_token();

  ASSERT_FALSE(second) << "it stays with the one that has given a token";
  EXPECT_EQ(second.error().message, "gone");
}

TEST_F(Automatic, OneThatIsNotThereIsPassedOver) {
  machine_->fail_with(ErrorCode::unreachable, "no endpoint");

  const auto token = source_->request_token();

  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires - token->issued, 1h) << "the user's";
}

TEST_F(Automatic, OneThatRefusesIsNotPassedOver) {
  for (const auto code : {ErrorCode::unauthenticated, ErrorCode::unavailable, ErrorCode::timed_out,
                          ErrorCode::throttled, ErrorCode::corrupt}) {
    machine_->fail_with(code, "no");
    const auto token = source_->request_token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, code);
  }
  EXPECT_EQ(user_->requests(), 0);
}

TEST_F(Automatic, WhereNoneIsThereAllReasonsAreSaid) {
  machine_->fail_with(ErrorCode::unreachable, "no endpoint");
  user_->fail_with(ErrorCode::unreachable, "no az");

  const auto token = source_->request_token();

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::unreachable);
  EXPECT_EQ(token.error().message, "no endpoint; no az");
}

TEST_F(Automatic, WhatComesLaterIsFoundLater) {
  machine_->fail_with(ErrorCode::unreachable, "no endpoint");
  user_->fail_with(ErrorCode::unauthenticated, "Please run 'az login'");
  ASSERT_FALSE(source_->request_token());

  machine_->recover();

  EXPECT_TRUE(source_->request_token());
}

TEST_F(Automatic, OnlyTheOneThatGaveTheTokenAdapts) {
  machine_->fail_with(ErrorCode::unreachable, "no endpoint");
  ASSERT_TRUE(source_->request_token());

  EXPECT_EQ(source_->adapt({.tenant = "contoso.com"}), "now for contoso.com");
}

TEST_F(Automatic, IsCalledByAllTheirNamesUntilOneHasGivenAToken) {
  EXPECT_EQ(source_->description(), "a fake identity or a fake identity");

  machine_->fail_with(ErrorCode::unreachable, "no endpoint");
  ASSERT_TRUE(source_->request_token());

  EXPECT_EQ(source_->description(), "a fake identity, since there was no endpoint");
  ASSERT_TRUE(source_->request_token());
  EXPECT_EQ(source_->description(), "a fake identity, since there was no endpoint") << "still";
}

TEST_F(Automatic, WhatWasPassedOverIsSaidWhereTheNextOneRefuses) {
  machine_->fail_with(ErrorCode::unreachable, "no endpoint");
  user_->fail_with(ErrorCode::unauthenticated, "Please run 'az login'");

  const auto token = source_->request_token();

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(token.error().message, "no endpoint; Please run 'az login'");
}

}  // namespace
}  // namespace blobmount
