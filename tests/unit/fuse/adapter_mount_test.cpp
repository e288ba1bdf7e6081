#include <atomic>
#include <cerrno>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include "support/eventually.hpp"
#include "unit/fuse/mounted_stub.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::ElementsAre;

struct Answer {
  ssize_t size = 0;
  int error = 0;
  std::string bytes{};
};

class AdapterMountTest : public testing::Test {
 protected:
  ~AdapterMountTest() override { mount_.end_serving(); }

  [[nodiscard]] Answer attribute(const std::string& name, std::size_t room) const {
    std::string bytes(room, '\0');
    const auto size = ::getxattr(mount_.path("file").c_str(), name.c_str(), bytes.data(), room);
    return answer(size, std::move(bytes));
  }
  [[nodiscard]] Answer attributes(std::size_t room) const {
    std::string bytes(room, '\0');
    const auto size = ::listxattr(mount_.path("file").c_str(), bytes.data(), room);
    return answer(size, std::move(bytes));
  }

  /// Until the end of the root, or an error, which is the last element then.
  void read_root() BM_EXCLUDES(mutex_) {
    DIR* const root = opendir(mount_.path("").c_str());
    ASSERT_NE(root, nullptr);
    errno = 0;
    while (const auto* const entry = readdir(root)) {
      const MutexLock lock(mutex_);
      names_.emplace_back(entry->d_name);
      errno = 0;
    }
    error_ = errno;
    closedir(root);
  }
  std::vector<std::string> names() BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return names_;
  }

  tests::MountedStub mount_;
  tests::StubFileSystem& files_ = mount_.files;
  int error_ = 0;

 private:
  static Answer answer(ssize_t size, std::string bytes) {
    if (size < 0) return {.size = size, .error = errno};
    bytes.resize(std::min(bytes.size(), static_cast<std::size_t>(size)));
    return {.size = size, .bytes = std::move(bytes)};
  }

  Mutex mutex_;
  std::vector<std::string> names_ BM_GUARDED_BY(mutex_);
};

TEST_F(AdapterMountTest, ExtendedAttributesAreRead) {
  files_.set_extended(std::vector<ExtendedAttribute>{{"user.blob.etag", "0x8D"}, {"user.blob.empty", ""}});

  EXPECT_EQ(attribute("user.blob.etag", 0).size, 4);
  EXPECT_EQ(attribute("user.blob.etag", 4).bytes, "0x8D");
  EXPECT_EQ(attribute("user.blob.etag", 100).bytes, "0x8D");
  EXPECT_EQ(attribute("user.blob.etag", 3).error, ERANGE);
  EXPECT_EQ(attribute("user.blob.empty", 0).size, 0);
  EXPECT_EQ(attribute("user.blob.empty", 100).size, 0);
  EXPECT_EQ(attribute("user.blob.absent", 100).error, ENODATA);
}

TEST_F(AdapterMountTest, ExtendedAttributesAreListed) {
  EXPECT_EQ(attributes(100).size, 0);
  files_.set_extended(std::vector<ExtendedAttribute>{{"user.blob.etag", "0x8D"}, {"user.blob.tier", "Hot"}});

  const auto both = "user.blob.etag\0user.blob.tier\0"s;
  EXPECT_EQ(attributes(0).size, static_cast<ssize_t>(both.size()));
  EXPECT_EQ(attributes(both.size()).bytes, both);
  EXPECT_EQ(attributes(both.size() - 1).error, ERANGE);
}

TEST_F(AdapterMountTest, NobodyIsAskedForAttributesOfOthers) {
  for (const auto* name : {"user.other", "user.blob"}) EXPECT_EQ(attribute(name, 100).error, ENODATA) << name;
  for (const auto* name : {"security.selinux", "security.capability", "system.posix_acl_access"})
    EXPECT_EQ(attribute(name, 100).error, EOPNOTSUPP) << name << ": ls asks no second time";

  EXPECT_EQ(files_.asked_for_attributes, 0);
}

TEST_F(AdapterMountTest, ExtendedAttributesThatCannotBeHadAreAnErrno) {
  files_.set_extended(Error{ErrorCode::permission_denied, "no role"});

  EXPECT_EQ(attribute("user.blob.etag", 100).error, EACCES);
  EXPECT_EQ(attributes(100).error, EACCES);
}

TEST_F(AdapterMountTest, ExtendedAttributesCannotBeSet) {
  EXPECT_EQ(::setxattr(mount_.path("file").c_str(), "user.blob.etag", "x", 1, 0), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(::removexattr(mount_.path("file").c_str(), "user.blob.etag"), -1);
  EXPECT_EQ(errno, EROFS);
}

TEST_F(AdapterMountTest, TheFirstPartOfADirectoryIsReadBeforeTheSecondHasCome) {
  files_.directory->add({"a", "b"}, false);
  auto reader = std::async(std::launch::async, [this] { read_root(); });
  ASSERT_TRUE(tests::eventually(10s, [this] { return names().size() == 4; }));
  EXPECT_EQ(reader.wait_for(100ms), std::future_status::timeout);

  files_.directory->add({"c"}, true);

  ASSERT_EQ(reader.wait_for(10s), std::future_status::ready);
  EXPECT_THAT(names(), ElementsAre(".", "..", "a", "b", "c"));
  EXPECT_EQ(error_, 0);
}

TEST_F(AdapterMountTest, ADirectoryWhoseRestCannotBeHadEndsWithAnErrno) {
  files_.directory->add({"a"}, false);
  files_.directory->fail({ErrorCode::permission_denied, "no role"});

  read_root();

  EXPECT_THAT(names(), ElementsAre(".", "..", "a"));
  EXPECT_EQ(error_, EACCES);
}

TEST_F(AdapterMountTest, ItemsWithoutNamesAreNotShown) {
  files_.directory->add({"", "a", "", "b", ""}, true);

  read_root();

  EXPECT_THAT(names(), ElementsAre(".", "..", "a", "b"));
}

TEST_F(AdapterMountTest, APartWithoutNamesIsNotTheEnd) {
  files_.directory->add({"a"}, false);
  auto reader = std::async(std::launch::async, [this] { read_root(); });
  ASSERT_TRUE(tests::eventually(10s, [this] { return names().size() == 3; }));

  files_.directory->add({"", ""}, false);
  EXPECT_EQ(reader.wait_for(100ms), std::future_status::timeout);
  files_.directory->add({"b"}, true);

  reader.get();
  EXPECT_THAT(names(), ElementsAre(".", "..", "a", "b"));
}

/// Names of `count` files that begin with `stem`.
std::vector<std::string> many_names(const std::string& stem, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(stem + std::to_string(i));
  return names;
}

std::shared_ptr<tests::StubDirectory> directory_of(const std::vector<std::string>& names) {
  auto directory = std::make_shared<tests::StubDirectory>();
  directory->add(names, true);
  return directory;
}

/// "." and "..", and then `names`.
std::vector<std::string> with_dots(std::vector<std::string> names) {
  names.insert(names.begin(), {".", ".."});
  return names;
}

/// The root, open.
class OpenRoot {
 public:
  explicit OpenRoot(const std::string& path) : root_(opendir(path.c_str())) {}
  ~OpenRoot() { closedir(root_); }
  OpenRoot(const OpenRoot&) = delete;
  OpenRoot& operator=(const OpenRoot&) = delete;

  /// The next names, at most so many.
  std::vector<std::string> next(std::size_t most = SIZE_MAX) {
    std::vector<std::string> names;
    while (names.size() < most) {
      const auto* const entry = readdir(root_);
      if (entry == nullptr) break;
      names.emplace_back(entry->d_name);
    }
    return names;
  }

 private:
  DIR* const root_;
};

TEST_F(AdapterMountTest, TheKernelKeepsTheItemsOfAListing) {
  const auto names = many_names("file", 10);  // so few that all come with attributes
  files_.directory->add(names, true);
  EXPECT_EQ(OpenRoot(mount_.path("")).next(), with_dots(names));
  files_.directory->asked = 0;

  EXPECT_EQ(OpenRoot(mount_.path("")).next(), with_dots(names));
  EXPECT_EQ(OpenRoot(mount_.path("")).next(), with_dots(names));

  EXPECT_EQ(files_.directory->asked, 0);
}

TEST_F(AdapterMountTest, AnotherListingIsReadAnew) {
  files_.directory->add(many_names("file", 5000), true);
  EXPECT_EQ(OpenRoot(mount_.path("")).next().size(), 5002U);

  for (int i = 1; i < 20; ++i) {
    const auto names = many_names("file" + std::to_string(i) + "-", i * 100);
    files_.show(directory_of(names));
    EXPECT_EQ(OpenRoot(mount_.path("")).next(), with_dots(names));
  }
}

TEST_F(AdapterMountTest, WhoReadsAnOlderListingGoesOnWithItWhileOthersReadTheNewer) {
  const auto old = many_names("file", 20'000), fresh = many_names("file-new-", 15'000);
  files_.directory->add(old, true);
  OpenRoot first(mount_.path("")), second(mount_.path(""));
  auto first_names = first.next(10), second_names = second.next(7'000);

  files_.show(directory_of(fresh));
  EXPECT_EQ(OpenRoot(mount_.path("")).next(), with_dots(fresh));
  for (const auto& name : first.next()) first_names.push_back(name);
  EXPECT_EQ(OpenRoot(mount_.path("")).next(), with_dots(fresh));
  for (const auto& name : second.next()) second_names.push_back(name);

  EXPECT_EQ(first_names, with_dots(old));
  EXPECT_EQ(second_names, with_dots(old));
}

TEST_F(AdapterMountTest, ListingsThatChangeAllTheTimeAreEachReadAsOne) {
  files_.directory->add(many_names("file0-", 3'000), true);
  std::vector<std::thread> readers;
  std::atomic<bool> ended{false};
  std::atomic<int> read{0};
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      while (!ended) {
        auto names = OpenRoot(mount_.path("")).next();
        ASSERT_EQ(names.size(), 3'002U);
        const auto stem = names[2].substr(0, names[2].find('-') + 1);
        ASSERT_EQ(names, with_dots(many_names(stem, 3'000)));
        ++read;
      }
    });
  }

  for (int i = 1; i < 30; ++i) {
    files_.show(directory_of(many_names("file" + std::to_string(i) + "-", 3'000)));
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(tests::eventually(20s, [&] { return read > 3; }));
  ended = true;
  for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace blobmount
