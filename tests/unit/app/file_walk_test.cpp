#include "app/file_walk.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class FileWalk : public testing::Test {
 protected:
  void put(const std::string& path, std::size_t size) const {
    const auto file = directory.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << std::string(size, 'x');
  }

  /// "PATH SIZE" for each file; at most `most`.
  std::vector<std::string> walk(const std::string& path, std::size_t most = SIZE_MAX) {
    std::vector<std::string> files;
    const OnFound found{.file =
                            [&](const std::string& file, std::uint64_t size) {
                              const auto name = std::filesystem::relative(file, directory.path());
                              files.push_back(name.string() + " " + std::to_string(size));
                              return files.size() < most;
                            },
                        .failed =
                            [&](const std::string& failed, const Error& error) {
                              failures.push_back(failed + ": " + error.message);
                              return true;
                            }};
    walk_files(directory.path() / path, found);
    return files;
  }

  const TemporaryDirectory directory;
  std::vector<std::string> failures;
};

TEST_F(FileWalk, FindsAllFilesOfATree) {
  put("a/one", 1);
  put("a/b/c/two", 2);
  put("three", 3);
  std::filesystem::create_directory(directory.path() / "empty");

  EXPECT_THAT(walk("."), UnorderedElementsAre("a/one 1", "a/b/c/two 2", "three 3"));
  EXPECT_THAT(walk("a/b"), ElementsAre("a/b/c/two 2"));
  EXPECT_THAT(walk("three"), ElementsAre("three 3"));
  EXPECT_THAT(walk("empty"), IsEmpty());
  EXPECT_THAT(failures, IsEmpty());
}

TEST_F(FileWalk, FollowsNoLinkButTheOneThatIsNamed) {
  put("real/file", 1);
  std::filesystem::create_directory(directory.path() / "links");
  std::filesystem::create_directory_symlink("../real", directory.path() / "links/directory");
  std::filesystem::create_symlink("../real/file", directory.path() / "links/file");

  EXPECT_THAT(walk("links"), IsEmpty());
  EXPECT_THAT(walk("links/directory"), SizeIs(1));
}

TEST_F(FileWalk, SaysWhatIsMissing) {
  EXPECT_THAT(walk("absent"), IsEmpty());

  EXPECT_THAT(failures, ElementsAre(testing::HasSubstr("absent: there is no such file")));
}

TEST_F(FileWalk, EndsWhenItIsTold) {
  for (int i = 0; i < 10; ++i) put("a/" + std::to_string(i), 1);

  EXPECT_THAT(walk(".", 3), SizeIs(3));
}

}  // namespace
}  // namespace blobmount::tests
