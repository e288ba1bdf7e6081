/// The story of the mission: a VM's identity is given a role and reads; either is taken away, and it does
/// not.

#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>

#include "fakes/role_gate.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto role = "Storage Blob Data Reader";
constexpr std::chrono::seconds lifetime{12};
/// open trusts what it knows for a second; the machine may be busy.
constexpr Duration soon = 10s;

/// Azurite behind a door that knows roles, and a VM of each test's own.
class Mission : public testing::Test {
 protected:
  Mission() { identity.set_lifetime(lifetime); }

  [[nodiscard]] MountOptions mount() const { return by_identity(gate.endpoint(), identity, ""); }

  static std::string cat(const Mounted& mounted) {
    const auto finished = run({.arguments = {"cat", mounted / "test/text.txt"}});
    return finished ? finished->output + finished->error_output : "cat hangs";
  }
  static bool denied(const Mounted& mounted) {
    return cat(mounted) == "cat: " + (mounted / "test/text.txt").string() + ": Permission denied\n";
  }

  RoleGate gate{account_with_hello().azurite.endpoint(), account_with_hello().azurite.ca_file()};
  IdentityEndpoint identity;
};

TEST_F(Mission, WithoutTheRoleTheMountIsRefusedInOneLineThatNamesIt) {
  gate.access().set_role_assigned(false);
  const TemporaryDirectory directory;

  const auto refused = run(blobmount_command({mount().source, directory.path()}, mount().environment), 45s);

  ASSERT_TRUE(refused) << "the answer comes within 45 seconds";
  EXPECT_NE(refused->status, 0);
  EXPECT_NE(refused->error_output.find(role), std::string::npos) << refused->error_output;
  EXPECT_EQ(std::count(refused->error_output.begin(), refused->error_output.end(), '\n'), 1)
      << refused->error_output;
  EXPECT_FALSE(is_mounted(directory.path()));
}

TEST_F(Mission, TheRoleComesAndGoesAndThenTheIdentityGoes) {
  gate.access().set_role_assigned(false);
  const Mounted mounted(mount().with("--no-check"));

  EXPECT_TRUE(denied(mounted)) << "no role yet: " << cat(mounted);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(read_file(mounted / "test/text.txt").error, EACCES);
  }
  EXPECT_EQ(mounted.times_logged("warning operation failed"), 1) << "told once, not for each attempt";
  EXPECT_GT(mounted.times_logged(role), 0) << "with the reason";

  gate.access().set_role_assigned(true);
  EXPECT_EQ(cat(mounted), "hello\n") << "the role has been assigned: the same mount reads";

  gate.access().set_role_assigned(false);
  EXPECT_TRUE(eventually(soon, [&] { return denied(mounted); })) << "the role has been taken away";

  gate.access().set_role_assigned(true);
  EXPECT_TRUE(eventually(soon, [&] { return cat(mounted) == "hello\n"; })) << "and given back";

  identity.remove(IdentityEndpoint::system_assigned());
  const auto last_token = identity.issued().size();
  const auto removed = std::chrono::steady_clock::now();
  EXPECT_EQ(cat(mounted), "hello\n") << "the token outlives the identity";
  EXPECT_TRUE(eventually(lifetime + soon, [&] { return denied(mounted); })) << "the token is dead";
  EXPECT_GT(std::chrono::steady_clock::now() - removed, lifetime / 2 - 3s) << "and was good for its time";
  EXPECT_EQ(identity.issued().size(), last_token);
}

TEST_F(Mission, AnIdentityThatComesBackReadsAgainOnTheSameMount) {
  const Mounted mounted(mount());
  identity.remove(IdentityEndpoint::system_assigned());
  ASSERT_TRUE(eventually(lifetime + soon, [&] { return denied(mounted); }));

  identity.add(IdentityEndpoint::system_assigned());

  // an identity that does not exist is asked for twice a minute
  EXPECT_TRUE(eventually(45s, [&] { return cat(mounted) == "hello\n"; })) << mounted.log();
}

}  // namespace
}  // namespace blobmount::tests
