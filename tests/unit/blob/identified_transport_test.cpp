#include "blob/identified_transport.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/shared_key_transport.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/scripted_transport.hpp"

namespace blobmount {
namespace {

using testing::MatchesRegex;
using tests::answer_of;
using tests::ScriptedTransport;

/// Owned by what is tested, and read by the test.
struct Network {
  explicit Network(ScriptedTransport::Script script)
      : owned(std::make_unique<ScriptedTransport>(std::move(script))), seen(*owned) {}

  std::unique_ptr<ScriptedTransport> owned;
  ScriptedTransport& seen;
};

std::string header(const HttpRequest& request, std::string_view name) {
  return std::string(request.headers.get(name).value_or(""));
}

TEST(RequestIds, AreUuidsThatCount) {
  RequestIds ids(0x3f2a91c07d1eb6aU);

  EXPECT_EQ(ids.next(), "03f2a91c-07d1-4eb6-8a00-000000000001");
  EXPECT_EQ(ids.next(), "03f2a91c-07d1-4eb6-8a00-000000000002");
}

TEST(RequestIds, NoTwoMountsHaveTheSame) {
  std::set<std::string> first;
  for (int i = 0; i < 100; ++i) first.insert(RequestIds().next());

  EXPECT_EQ(first.size(), 100U);
  EXPECT_THAT(*first.begin(), MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-0{11}1"));
}

TEST(IdentifiedTransport, EachTryHasAnIdOfItsOwn) {
  Network network([](const auto&) { return HttpResponse{.status = 200}; });
  IdentifiedTransport identified(std::move(network.owned), "");

  const auto first = answer_of(identified, {});
  const auto second = answer_of(identified, {});

  const auto sent = network.seen.requests();
  EXPECT_NE(header(sent[0], "x-ms-client-request-id"), header(sent[1], "x-ms-client-request-id"));
  EXPECT_EQ(first->headers.get("x-ms-client-request-id"), header(sent[0], "x-ms-client-request-id"));
  EXPECT_EQ(second->headers.get("x-ms-client-request-id"), header(sent[1], "x-ms-client-request-id"));
}

TEST(IdentifiedTransport, WhereNoAnswerCameTheErrorHasTheId) {
  Network network([](const auto&) { return Error{ErrorCode::timed_out, "silence"}; });
  IdentifiedTransport identified(std::move(network.owned), "");

  const auto outcome = answer_of(identified, {});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "silence");
  ASSERT_TRUE(outcome.error().request);
  EXPECT_EQ(outcome.error().request->client_id, header(network.seen.requests()[0], "x-ms-client-request-id"));
}

TEST(IdentifiedTransport, WhatTheErrorKnewOfItsAnswerStays) {
  Network network([](const auto&) {
    return Error{ErrorCode::changed, "another version",
                 std::make_shared<const FailedRequest>(FailedRequest{.status = 206, .id = "s1"})};
  });
  IdentifiedTransport identified(std::move(network.owned), "");

  const auto request = answer_of(identified, {}).error().request;

  EXPECT_EQ(request->status, 206);
  EXPECT_EQ(request->id, "s1");
  EXPECT_NE(request->client_id, "");
}

TEST(IdentifiedTransport, SaysWhoAsks) {
  Network plain([](const auto&) { return HttpResponse{.status = 200}; });
  Network named([](const auto&) { return HttpResponse{.status = 200}; });
  IdentifiedTransport without(std::move(plain.owned), "");
  IdentifiedTransport with(std::move(named.owned), "training/7");

  (void)answer_of(without, {});
  (void)answer_of(with, {});

  EXPECT_EQ(header(plain.seen.requests()[0], "User-Agent"), "blobmount/" BLOBMOUNT_VERSION);
  EXPECT_EQ(header(named.seen.requests()[0], "User-Agent"), "blobmount/" BLOBMOUNT_VERSION " training/7");
}

TEST(IdentifiedTransport, TheIdIsSigned) {
  tests::ManualClock clock;
  ScriptedTransport network([](const auto&) { return HttpResponse{.status = 200}; });
  tests::RecordingLog log;
  auto key = CurrentKey::create({Secret("a2V5")}, clock, log);
  ASSERT_TRUE(key);
  IdentifiedTransport identified(
      std::make_unique<SharedKeyTransport>(network, clock, "account", *std::move(key)), "");

  for (int i = 0; i < 2; ++i) (void)answer_of(identified, {.url = *parse_url("https://account.example/c/b")});

  const auto sent = network.requests();
  EXPECT_NE(header(sent[0], "Authorization"), header(sent[1], "Authorization")) << "nothing else differs";
}

}  // namespace
}  // namespace blobmount
