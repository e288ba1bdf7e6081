#include "tree/blob_attributes.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;

const Url account{.scheme = "https", .host = "account.blob.core.windows.net"};

std::vector<std::string> lines(const std::vector<ExtendedAttribute>& attributes) {
  std::vector<std::string> lines;
  for (const auto& attribute : attributes) lines.push_back(attribute.name + "=" + attribute.value);
  return lines;
}

TEST(BlobAttributes, SayAllThatTheServiceSaysInAFixedOrder) {
  const BlobDetails details{.type = "BlockBlob",
                            .access_tier = "Cool",
                            .content_type = "text/plain",
                            .content_md5 = "rL0Y20zC+Fzt72VPzMSk2A==",
                            .version_id = "2026-01-01T00:00:00.0000000Z",
                            .metadata = {{"owner", "me"}, {"Project", "x y"}, {"empty", ""}}};

  EXPECT_THAT(lines(blob_attributes(account, {"docs", "a/b.txt"}, "\"0x1\"", details)),
              ElementsAre("user.blob.etag=\"0x1\"", "user.blob.content_type=text/plain",
                          "user.blob.content_md5=rL0Y20zC+Fzt72VPzMSk2A==", "user.blob.tier=Cool",
                          "user.blob.type=BlockBlob",
                          "user.blob.url=https://account.blob.core.windows.net/docs/a/b.txt",
                          "user.blob.version_id=2026-01-01T00:00:00.0000000Z", "user.blob.metadata.owner=me",
                          "user.blob.metadata.Project=x y", "user.blob.metadata.empty="));
}

TEST(BlobAttributes, LeaveOutWhatTheServiceDoesNotSay) {
  EXPECT_THAT(
      lines(blob_attributes(account, {"docs", "a"}, "\"0x1\"", {})),
      ElementsAre("user.blob.etag=\"0x1\"", "user.blob.url=https://account.blob.core.windows.net/docs/a"));
}

TEST(BlobAttributes, HaveAUrlThatCanBeUsedWhateverIsInTheName) {
  const auto url_of = [](const std::string& blob) {
    return blob_attributes(account, {"docs", blob}, "", {}).front().value;
  };

  EXPECT_EQ(url_of("a b/c?d#e%f"), "https://account.blob.core.windows.net/docs/a%20b/c%3Fd%23e%25f");
  EXPECT_EQ(url_of("\xC3\xA9"), "https://account.blob.core.windows.net/docs/%C3%A9");
}

TEST(BlobAttributes, HaveAUrlThatKeepsTheAccountInThePathOfAnEmulator) {
  const Url emulator{.scheme = "http", .host = "127.0.0.1", .port = 10000, .path = "/devstoreaccount1"};

  EXPECT_EQ(blob_attributes(emulator, {"docs", "a"}, "", {}).front().value,
            "http://127.0.0.1:10000/devstoreaccount1/docs/a");
}

class HalfKept final : public LocalFiles {
 public:
  std::optional<LocalFile> local_file(const BlobVersion& version) override {
    return version.blob == "whole" ? std::optional(LocalFile{}) : std::nullopt;
  }
  std::optional<KeptBytes> kept(const BlobVersion& version) override {
    return KeptBytes{.written = version.size / 2, .waiting = 7};
  }
};

TEST(BlobAttributes, SayByNameWhatTheDiskHas) {
  HalfKept files;
  const BlobVersion half{"docs", "half", "\"0x1\"", 100}, whole{"docs", "whole", "\"0x1\"", 100};

  EXPECT_THAT(lines(local_attribute("user.blob.cached", half, &files)), ElementsAre("user.blob.cached=50"));
  EXPECT_THAT(lines(local_attribute("user.blob.unwritten", half, &files)),
              ElementsAre("user.blob.unwritten=7"));
  EXPECT_THAT(lines(local_attribute("user.blob.checked", half, &files)), ElementsAre("user.blob.checked=0"));
  EXPECT_THAT(lines(local_attribute("user.blob.checked", whole, &files)), ElementsAre("user.blob.checked=1"));
  EXPECT_THAT(local_attribute("user.blob.cached", half, nullptr), testing::IsEmpty());
}

}  // namespace
}  // namespace blobmount
