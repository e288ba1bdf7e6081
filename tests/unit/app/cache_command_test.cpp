/// `blobmount cache` of a directory that no mount uses.

#include "app/cache_command.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "cache/disk_claim.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Action = CacheCommand::Action;

/// Of the files of a version.
const std::string name = "0123456789abcdef";

class CacheOfADirectory : public testing::Test {
 protected:
  CacheOfADirectory() { std::filesystem::create_directory(path()); }

  [[nodiscard]] std::string path() const { return parent.path() / "cache"; }
  void put(const std::string& file, const std::string& text) const {
    std::ofstream(path() + "/" + file) << text;
  }
  [[nodiscard]] std::string text_of(const std::string& file) const {
    std::ifstream in(path() + "/" + file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] mode_t mode() const {
    struct stat status {};
    EXPECT_EQ(::stat(path().c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
  [[nodiscard]] Result<int> run(Action action, std::string* said = nullptr) const {
    std::ostringstream out;
    auto status = run_command(CacheCommand{.action = action, .where = path(), .json = true}, out);
    if (said != nullptr) *said = out.str();
    return status;
  }

  const TemporaryDirectory parent;
};

TEST_F(CacheOfADirectory, ThatIsNotOursIsRefusedAndStaysAsItIs) {
  put("lock", "4711");
  put(name + ".data", "somebody's");
  ASSERT_EQ(::chmod(path().c_str(), 0755), 0);

  for (const auto action : {Action::show, Action::clear, Action::verify}) {
    const auto status = run(action);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("nor one of its cache directories"));
  }

  EXPECT_EQ(mode(), 0755U);
  EXPECT_EQ(text_of("lock"), "4711");
  EXPECT_EQ(text_of(name + ".data"), "somebody's");
}

TEST_F(CacheOfADirectory, IsShownWithoutBeingChanged) {
  { ASSERT_TRUE(claim_directory(path())); }
  put("lock", "blobmount 4711");
  put(name + ".pages", "x");
  put("fedcba9876543210.data", "stands alone");
  ASSERT_EQ(::chmod(path().c_str(), 0755), 0);

  std::string said;
  EXPECT_TRUE(run(Action::show, &said));

  EXPECT_EQ(json::parse(said).at("/disk_cache/blobs"_json_pointer), 1) << said;
  EXPECT_EQ(mode(), 0755U);
  EXPECT_EQ(text_of("lock"), "blobmount 4711");
  EXPECT_EQ(text_of("fedcba9876543210.data"), "stands alone");
}

TEST_F(CacheOfADirectory, IsClearedOfWhatIsOurs) {
  { ASSERT_TRUE(claim_directory(path())); }
  for (const auto* suffix : {".pages", ".data"}) put(name + suffix, "x");
  put("README", "somebody's");

  std::string said;
  EXPECT_TRUE(run(Action::clear, &said));

  EXPECT_EQ(json::parse(said).value("disk_blobs", 0), 1) << said;
  EXPECT_FALSE(std::filesystem::exists(path() + "/" + name + ".data"));
  EXPECT_EQ(text_of("README"), "somebody's");
}

TEST_F(CacheOfADirectory, ThatIsInUseIsShownAndNotCleared) {
  const auto claimed = claim_directory(path());
  ASSERT_TRUE(claimed);

  EXPECT_TRUE(run(Action::show));
  const auto status = run(Action::clear);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("name its mount instead"));
}

}  // namespace
}  // namespace blobmount::tests
