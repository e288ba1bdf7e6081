/// What a reader notices of tokens: nothing, as long as there is a live one.

#include <cerrno>
#include <thread>

#include <gtest/gtest.h>

#include "fakes/role_gate.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

/// A VM with an identity endpoint of its own, so that each test has its own troubles. Nothing is believed
/// for longer than it takes to ask again, so that every read shows its token.
class Token : public testing::Test {
 protected:
  [[nodiscard]] MountOptions mount(const IdentityEndpoint& endpoint) const {
    return by_identity(gate.endpoint(), endpoint, "test").with("--attr-ttl", "0");
  }

  RoleGate gate{account_with_hello().azurite.endpoint(), account_with_hello().azurite.ca_file()};
  IdentityEndpoint identity;
};

TEST_F(Token, IsRenewedAtHalfOfItsLifetime) {
  identity.set_lifetime(4s);
  const Mounted mounted(mount(identity));
  const auto before = identity.requests();

  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < begin + 7s) {
    ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");
    std::this_thread::sleep_for(20ms);
  }

  const auto renewals = identity.requests() - before;
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(renewals, 2U);
  EXPECT_LE(renewals, static_cast<std::uint64_t>(took / 2s) + 2U) << "every two seconds, whatever is read";
}

TEST_F(Token, AnOutageOfTheEndpointIsNotNoticed) {
  IdentityEndpoint silent;
  for (auto* const endpoint : {&identity, &silent}) endpoint->set_lifetime(20s);
  const Mounted beside_failing(mount(identity));
  const Mounted beside_silent(mount(silent));
  const auto failing_requests = identity.requests(), silent_requests = silent.requests();

  identity.fail_with(500);
  silent.fall_silent();
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < start + 22s) {
    ASSERT_EQ(content_of(beside_failing / "text.txt"), "hello\n");
    ASSERT_EQ(content_of(beside_silent / "text.txt"), "hello\n");
    if (identity.requests() > failing_requests) identity.end_outage();
    if (silent.requests() > silent_requests) silent.end_outage();
    std::this_thread::sleep_for(50ms);
  }

  EXPECT_GE(identity.requests() - failing_requests, 2U) << "it failed, and then it did not";
  EXPECT_GE(silent.requests() - silent_requests, 2U) << "it said nothing, and then it spoke";
  EXPECT_EQ(beside_failing.times_logged("token not renewed"), 1) << beside_failing.log();
}

TEST_F(Token, ThatDiesInAnOutageDeniesWithOneLineAndComesBackByItself) {
  identity.set_lifetime(4s);
  const Mounted mounted(mount(identity));
  const auto denied = [&] { return read_file(mounted / "text.txt").error == EACCES; };

  identity.fail_with(500);
  ASSERT_TRUE(eventually(20s, denied));
  const auto told = [&mounted] { return mounted.times_logged("no valid token; nothing can be read"); };
  EXPECT_TRUE(eventually(20s, [&] { return told() > 0; })) << mounted.log();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(denied());
  EXPECT_EQ(told(), 1) << mounted.log();

  identity.set_lifetime(24h);
  identity.end_outage();

  EXPECT_TRUE(eventually(60s, [&] { return content_of(mounted / "text.txt") == "hello\n"; }))
      << mounted.log();
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("token renewed") == 1; })) << mounted.log();
}

TEST_F(Token, OfAnEndpointThatIsBeingUpdatedIsWaitedFor) {
  identity.fail_with(410);
  std::jthread update([this] {
    EXPECT_TRUE(eventually(30s, [this] { return identity.requests() >= 3; }));
    identity.end_outage();
  });

  const Mounted mounted(mount(identity));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n") << mounted.log();
}

TEST_F(Token, ARefusedOneIsReplacedAndTheRequestRepeatedOnce) {
  const Mounted mounted(mount(identity));
  ASSERT_EQ(identity.issued().size(), 1U);

  gate.access().refuse_token(identity.issued().front());

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n") << "the reader notices nothing";
  EXPECT_EQ(identity.issued().size(), 2U);
}

TEST_F(Token, WhereEveryOneIsRefusedReadersAreToldSo) {
  const Mounted mounted(mount(identity).with("--debug"));
  std::jthread refusing([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (const auto& token : identity.issued()) gate.access().refuse_token(token);
      std::this_thread::sleep_for(1ms);
    }
  });

  EXPECT_TRUE(eventually(10s, [&] { return read_file(mounted / "text.txt").error == EACCES; }));
  EXPECT_LE(identity.issued().size(), 4U) << "and the endpoint is not asked without end";
}

TEST_F(Token, AUserAssignedIdentityIsChosenByItsClientId) {
  const FakeIdentity reader{.client_id = "11111111-0000-0000-0000-000000000001",
                            .object_id = "22222222-0000-0000-0000-000000000001",
                            .resource_id = "/subscriptions/s/resourceGroups/g/providers/i/reader"};
  identity.remove(IdentityEndpoint::system_assigned());
  identity.add(reader);

  for (const auto& [option, id] :
       {std::pair("--client-id", reader.client_id), std::pair("--object-id", reader.object_id),
        std::pair("--resource-id", reader.resource_id)}) {
    const Mounted mounted(mount(identity).with(option, id));
    EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n") << option;
  }
}

}  // namespace
}  // namespace blobmount::tests
