#include <cerrno>
#include <future>
#include <string>
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

}  // namespace
}  // namespace blobmount
