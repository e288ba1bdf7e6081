/// Many at once: eight threads look up, list and read as they like, and each sees what was uploaded.

#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr int directories = 10, files_each = 30, workers = 8;
constexpr auto duration = 5s;

std::size_t size_of(int number) { return static_cast<std::size_t>(number) * 977; }

/// What was uploaded: a few hundred blobs, each with bytes of its own.
class Uploaded {
 public:
  Uploaded() {
    account_.author.create_container("test");
    for (int i = 0; i < directories * files_each; ++i) {
      const auto directory = "dir" + std::to_string(i % directories), name = "file" + std::to_string(i);
      contents_[directory][name] = random_bytes(size_of(i), static_cast<std::uint64_t>(i));
      account_.author.put("test", directory + "/" + name, contents_[directory][name]);
    }
  }

  [[nodiscard]] const std::map<std::string, std::map<std::string, std::string>>& contents() const {
    return contents_;
  }
  [[nodiscard]] MountOptions mount() const { return account_.mount("test"); }

 private:
  AzuriteAccount account_;
  std::map<std::string, std::map<std::string, std::string>> contents_;
};

/// Does one thing after the other, and compares.
class Worker {
 public:
  Worker(const Uploaded& uploaded, const Mounted& mounted, unsigned seed)
      : uploaded_(uploaded), mounted_(mounted), random_(seed) {}

  void step() {
    auto directory = uploaded_.contents().begin();
    std::advance(directory, random_() % uploaded_.contents().size());
    auto file = directory->second.begin();
    std::advance(file, random_() % directory->second.size());
    const auto path = mounted_ / directory->first / file->first;
    switch (random_() % 5) {
      case 0:
        return list(*directory);
      case 1:
        return stat(path, file->second);
      case 2:
        EXPECT_EQ(stat_error(mounted_ / directory->first / ("no-" + std::to_string(random_() % 50))), ENOENT);
        return;
      case 3:
        EXPECT_EQ(read_file(path), (FileHandle::Read{file->second})) << path;
        return;
      default:
        return read_somewhere(path, file->second);
    }
  }

 private:
  void list(const std::pair<const std::string, std::map<std::string, std::string>>& directory) {
    std::set<std::string> expected;
    for (const auto& [name, content] : directory.second) expected.insert(name);
    EXPECT_EQ(names_in(mounted_ / directory.first), expected);
  }

  static void stat(const std::filesystem::path& path, const std::string& content) {
    const auto status = status_of(path);
    ASSERT_TRUE(status) << path;
    EXPECT_EQ(status->st_size, static_cast<off_t>(content.size())) << path;
  }

  void read_somewhere(const std::filesystem::path& path, const std::string& content) {
    const bool direct = random_() % 2 == 0;
    const std::uint64_t block = direct ? 4096 : 1;
    const auto offset = random_() % (content.size() + 1) / block * block;
    const FileHandle file(path, direct ? O_RDONLY | O_DIRECT : O_RDONLY);
    EXPECT_EQ(file.read(offset, 12'288).bytes, content.substr(offset, 12'288)) << path;
  }

  const Uploaded& uploaded_;
  const Mounted& mounted_;
  std::mt19937 random_;
};

TEST(Concurrency, EverybodySeesWhatWasUploaded) {
  const Uploaded uploaded;
  // short ages, so that inodes and listings come and go meanwhile
  const Mounted mounted(uploaded.mount().with("--attr-ttl", "0.05"));
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::atomic<int> steps = 0;

  std::vector<std::thread> threads;
  for (unsigned i = 0; i < workers; ++i) {
    threads.emplace_back([&, i] {
      Worker worker(uploaded, mounted, seed + i);
      const auto end = std::chrono::steady_clock::now() + duration;
      while ((std::chrono::steady_clock::now() < end || steps <= 100) && !testing::Test::HasFailure()) {
        worker.step();
        ++steps;
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_GT(steps, 100);
  EXPECT_EQ(mounted.times_logged(" error "), 0) << mounted.log();
}

}  // namespace
}  // namespace blobmount::tests
