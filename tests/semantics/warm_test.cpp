/// `blobmount warm`: what is complete after it, what it says, and what stops it.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/xattr.h>

#include "fakes/synthetic_content.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kib = 1U << 10U, mib = 1U << 20U;

/// "errno N" where there is none.
std::string attribute(const std::filesystem::path& file, const std::string& name) {
  std::array<char, 64> value{};
  const auto size = ::getxattr(file.c_str(), name.c_str(), value.data(), value.size());
  return size < 0 ? "errno " + std::to_string(errno)
                  : std::string(value.data(), static_cast<std::size_t>(size));
}

std::string cached(const std::filesystem::path& file) { return attribute(file, "user.blob.cached"); }
std::string checked(const std::filesystem::path& file) { return attribute(file, "user.blob.checked"); }

bool has_cache_by_default() {
  const char* const variable = std::getenv("BLOBMOUNT_TEST_KERNEL");
  const std::string way = variable != nullptr ? variable : "";
  return way == "passthrough" || way == "both";
}

class Warm : public testing::Test {
 protected:
  void put(const std::string& blob, std::uint64_t size, std::uint64_t seed = 1) {
    service.blobs().put_synthetic("test", blob, size, seed);
  }
  [[nodiscard]] MountOptions options() const {
    return account.mount("test").with("--attr-ttl", "0").with("--cache-dir", parent.path() / "cache");
  }

  static Command command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "warm");
    return blobmount_command(std::move(arguments));
  }
  static Finished warm(std::vector<std::string> arguments) {
    auto finished = run(command(std::move(arguments)), 240s);
    EXPECT_TRUE(finished) << "it hangs";
    return finished.value_or(Finished{});
  }
  /// It has nothing to say.
  static void expect_warmed(const std::filesystem::path& path) {
    const auto finished = warm({path});
    EXPECT_EQ(finished.status, 0);
    EXPECT_EQ(finished.output + finished.error_output, "");
  }
  /// The same, on a terminal of so many columns: what it shows there.
  static Finished warm_on_terminal(const std::filesystem::path& path, int columns) {
    auto inside = command({path});
    std::string words = "stty cols " + std::to_string(columns) + "; exec";
    for (const auto& argument : inside.arguments) words += " '" + argument + "'";
    inside.arguments = {"script", "-qefc", words, "/dev/null"};
    return run(inside, 60s).value_or(Finished{-1, "", "it hangs"});
  }

  [[nodiscard]] std::uint64_t gets() { return service.stats().counts().of(RequestKind::get_blob); }

  ServedAccount account;
  BlobService& service = account.service;
  const TemporaryDirectory parent;
};

TEST_F(Warm, AFileIsCompleteAndCheckedAndAsksTheServiceForNothingMore) {
  put("blob", 20 * mib + 5);
  const Mounted mounted(options());
  EXPECT_EQ(cached(mounted / "blob"), "0");

  expect_warmed(mounted / "blob");

  EXPECT_EQ(cached(mounted / "blob"), std::to_string(20 * mib + 5));
  EXPECT_EQ(checked(mounted / "blob"), "1");
  service.stats().reset();
  const auto read = read_file(mounted / "blob");
  EXPECT_EQ(read.bytes.size(), 20 * mib + 5);
  EXPECT_TRUE(SyntheticContent(1).matches(0, std::as_bytes(std::span(read.bytes))));
  EXPECT_EQ(gets(), 0U);
}

TEST_F(Warm, ATreeIsCompleteAndTheNextTimeNothingIsFetched) {
  for (int i = 0; i < 300; ++i) put("tree/" + std::to_string(i % 7) + "/" + std::to_string(i), 10 * kib);
  put("tree/large", 20 * mib);
  put("tree/empty", 0);
  put("beside", 100);
  const Mounted mounted(
      account.mount("test").with("--attr-ttl", "60").with("--cache-dir", parent.path() / "cache"));

  const auto first = nlohmann::json::parse(warm({"--json", mounted / "tree"}).output);

  EXPECT_GT(first["fetched_bytes"], 20 * mib);
  for (int i = 0; i < 300; ++i)
    EXPECT_EQ(cached(mounted / ("tree/" + std::to_string(i % 7) + "/" + std::to_string(i))), "10240");
  EXPECT_EQ(cached(mounted / "beside"), "0");
  service.stats().reset();
  const auto again = warm({"--json", mounted / "tree"});
  EXPECT_EQ(again.status, 0) << again.error_output;
  EXPECT_EQ(gets(), 0U);
  const auto json = nlohmann::json::parse(again.output);
  EXPECT_EQ(json["files"], 302);
  EXPECT_EQ(json["bytes"], 20 * mib + 300 * 10 * kib);
  EXPECT_EQ(json["already_cached_bytes"], json["bytes"]);
  EXPECT_EQ(json["fetched_bytes"], 0);
  EXPECT_TRUE(json["failed"].empty());
}

TEST_F(Warm, AfterARemountWhatIsThereIsOnlyChecked) {
  put("blob", 8 * mib);
  {
    const Mounted mounted(options());
    expect_warmed(mounted / "blob");
  }
  const Mounted again(options());
  service.stats().reset();

  expect_warmed(again / "blob");

  EXPECT_EQ(checked(again / "blob"), "1");
  EXPECT_EQ(gets(), 0U);
}

TEST_F(Warm, WhatWentBadOnDiskIsWrittenAgainFromMemory) {
  put("blob", 8 * mib);
  const Mounted mounted(options());
  expect_warmed(mounted / "blob");
  for (const auto& name : names_in(parent.path() / "cache")) {
    if (name.ends_with(".data"))
      std::fstream(parent.path() / "cache" / name, std::ios::binary | std::ios::in | std::ios::out) << "bad";
  }
  service.stats().reset();

  expect_warmed(mounted / "blob");

  EXPECT_EQ(cached(mounted / "blob"), std::to_string(8 * mib));
  EXPECT_EQ(checked(mounted / "blob"), "1");
  EXPECT_EQ(gets(), 0U);
  const auto read = read_file(mounted / "blob");
  EXPECT_TRUE(SyntheticContent(1).matches(0, std::as_bytes(std::span(read.bytes))));
}

TEST_F(Warm, ABlobThatChangesIsWarmedAsItIsNow) {
  put("blob", 4 * mib);
  const Mounted mounted(options().with("--consistency", "cached:1h"));
  expect_warmed(mounted / "blob");
  put("blob", 5 * mib, 2);

  // the mount may show the old version for an hour, but cannot read more of it
  const auto refreshed = run(blobmount_command({"refresh", mounted / "blob"}));
  ASSERT_TRUE(refreshed && refreshed->status == 0);
  EXPECT_EQ(cached(mounted / "blob"), "0");
  expect_warmed(mounted / "blob");

  EXPECT_EQ(cached(mounted / "blob"), std::to_string(5 * mib));
}

TEST_F(Warm, AVersionThatCanNoLongerBeReadGivesWayToTheNext) {
  put("blob", 400 * mib);
  const Mounted mounted(options());
  service.set_network({.bytes_per_second = 1.0 * mib});
  const Process warming(command({mounted / "blob"}));
  ASSERT_TRUE(eventually(20s, [&] { return std::stoull(cached(mounted / "blob")) > 4 * mib; }));

  put("blob", 6 * mib, 2);

  EXPECT_EQ(warming.wait(60s), 0) << warming.error_output();
  EXPECT_EQ(cached(mounted / "blob"), std::to_string(6 * mib));
}

TEST_F(Warm, OneThatCannotBeReadDoesNotStopTheOthers) {
  put("tree/a", mib);
  put("tree/z", mib);
  service.blobs().put_blob("test", "tree/m", {.size = 4, .access_tier = "Archive"});
  const Mounted mounted(options());

  const auto finished = warm({"--json", mounted / "tree", mounted / "absent"});

  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.error_output, AllOf(HasSubstr("tree/m': it is in the archive tier"),
                                           HasSubstr("absent': there is no such file")));
  EXPECT_EQ(nlohmann::json::parse(finished.output)["failed"].size(), 2U);
  EXPECT_EQ(cached(mounted / "tree/a"), std::to_string(mib));
  EXPECT_EQ(cached(mounted / "tree/z"), std::to_string(mib));
}

TEST_F(Warm, SaysWhichFileIsTooLargeForTheCache) {
  put("large", 40 * mib);
  const Mounted mounted(options().with("--cache-size", "20MiB"));

  const auto finished = warm({mounted / "large"});

  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.error_output, AllOf(HasSubstr("large': only "), HasSubstr("--cache-size")));
}

TEST_F(Warm, NoticesThatOneFileDrivesOutTheOther) {
  for (int i = 0; i < 8; ++i) put("tree/" + std::to_string(i), 4 * mib);
  const Mounted mounted(options().with("--cache-size", "20MiB"));

  const auto finished = warm({mounted / "tree"});

  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.error_output, AllOf(HasSubstr("has been evicted"), HasSubstr("--cache-size")));
}

TEST_F(Warm, WithoutACacheDirectoryNothingIsReadInVain) {
  if (has_cache_by_default()) GTEST_SKIP() << "the mount is given a directory";
  for (int i = 0; i < 20; ++i) put("tree/" + std::to_string(i), mib);
  const Mounted mounted(account.mount("test"));
  service.stats().reset();

  const auto finished = warm({mounted / "tree"});

  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.error_output, AllOf(HasSubstr("keeps nothing on disk"), HasSubstr("--cache-dir")));
  EXPECT_EQ(std::ranges::count(finished.error_output, '\n'), 1) << finished.error_output;
  EXPECT_EQ(gets(), 0U);
}

TEST_F(Warm, AMountWithoutACacheDoesNotStopTheNextPath) {
  if (has_cache_by_default()) GTEST_SKIP() << "the mount is given a directory";
  put("blob", mib);
  const Mounted without(account.mount("test"));
  const Mounted with(options());

  const auto finished = warm({without / "blob", with / "blob"});

  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.error_output, HasSubstr("--cache-dir"));
  EXPECT_EQ(cached(with / "blob"), std::to_string(mib));
}

TEST_F(Warm, APlaceOutsideIsSaidBeforeAnythingIsRead) {
  put("blob", mib);
  const Mounted mounted(options());

  const auto finished = warm({mounted / "blob", parent.path()});

  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.error_output,
              HasSubstr("cannot warm '" + parent.path().string() + "': it is not in a mount of blobmount"));
  EXPECT_EQ(gets(), 0U);
  EXPECT_EQ(warm({}).status, 2);
}

TEST_F(Warm, OnATerminalOneLineSaysHowFarItIs) {
  put("blob", 30 * mib);
  const Mounted mounted(options());
  service.set_network({.bytes_per_second = 2.0 * mib});

  const auto finished = warm_on_terminal(mounted / "blob", 90);

  EXPECT_EQ(finished.status, 0) << finished.output;
  EXPECT_THAT(finished.output, AllOf(HasSubstr("/30.0 MiB"), HasSubstr("%  0/1 files"), HasSubstr("MiB/s"),
                                     HasSubstr(" left"), Not(HasSubstr("\n"))));
}

TEST_F(Warm, TheLineFitsTheTerminal) {
  put("blob", 30 * mib);
  const Mounted mounted(options());
  service.set_network({.bytes_per_second = 5.0 * mib});

  const auto finished = warm_on_terminal(mounted / "blob", 24);

  EXPECT_EQ(finished.status, 0) << finished.output;
  std::istringstream drawn(finished.output);
  int lines = 0;
  for (std::string line; std::getline(drawn, line, '\r'); ++lines)
    EXPECT_LT(line.substr(0, line.find('\x1b')).size(), 24U) << line;
  EXPECT_GT(lines, 3);
}

TEST_F(Warm, ASignalEndsItAtOnceAndWhatIsCachedStays) {
  put("blob", 100 * mib);
  put("stalled", 10 * mib);
  service.faults().add_always({.kind = FaultKind::stall}, RequestKind::get_blob, "stalled");
  const Mounted mounted(options());
  service.set_network({.bytes_per_second = 10.0 * mib});
  const Process warming(command({mounted / "blob", mounted / "stalled"}));
  ASSERT_TRUE(eventually(20s, [&] { return std::stoull(cached(mounted / "blob")) > mib; }));

  warming.signal(SIGINT);

  EXPECT_EQ(warming.wait(8s), 130) << "a stall lasts longer";
  EXPECT_EQ(warming.output() + warming.error_output(), "");
  EXPECT_GT(std::stoull(cached(mounted / "blob")), mib);
}

TEST_F(Warm, ASignalEndsItAlsoWhileTheLastReadsWaitAfterAnEviction) {
  put("stalled", mib);
  for (int i = 0; i < 20; ++i) put("tree/" + std::to_string(i), 4 * mib);
  service.faults().add_always({.kind = FaultKind::stall}, RequestKind::get_blob, "stalled");
  const Mounted mounted(options().with("--cache-size", "20MiB"));
  service.set_network({.bytes_per_second = 2.0 * mib});
  const Process warming(command({mounted / "stalled", mounted / "tree"}));
  ASSERT_TRUE(warming.wait_for_output("has been evicted", 60s));
  EXPECT_FALSE(warming.wait(100ms));

  warming.signal(SIGINT);

  EXPECT_EQ(warming.wait(8s), 130);
}

TEST_F(Warm, AShellSeesTheSignalThatEndsIt) {
  put("blob", 1000 * mib);
  const Mounted mounted(options());
  service.set_network({.bytes_per_second = 5.0 * mib});
  auto inside = command({mounted / "blob"});
  // bash goes on after a program that has exited, also with 130
  std::string words;
  for (const auto& argument : inside.arguments) words += "'" + argument + "' ";
  inside.arguments = {"bash", "-c", "trap - INT; " + words + "; echo and on"};
  const Process shell(inside);
  ASSERT_TRUE(eventually(20s, [&] { return std::stoull(cached(mounted / "blob")) > mib; }));

  shell.signal_group(SIGINT);

  EXPECT_EQ(shell.wait(8s), 130);
  EXPECT_EQ(shell.output(), "");
}

TEST_F(Warm, AnIgnoredSignalStaysIgnored) {
  put("blob", 8 * mib);
  const Mounted mounted(options());
  service.set_network({.bytes_per_second = 8.0 * mib});
  auto inside = command({mounted / "blob"});
  std::string words = "trap '' INT; exec";
  for (const auto& argument : inside.arguments) words += " '" + argument + "'";
  inside.arguments = {"bash", "-c", words};
  const Process warming(inside);
  ASSERT_TRUE(eventually(20s, [&] { return std::stoull(cached(mounted / "blob")) > mib; }));

  warming.signal(SIGINT);

  EXPECT_EQ(warming.wait(30s), 0);
}

TEST_F(Warm, WhatItKnowsOfTheCacheIsNotListedWithTheBlobsAttributes) {
  put("blob", mib);
  const Mounted mounted(options());
  std::array<char, 4096> names{};

  const auto size = ::listxattr((mounted / "blob").c_str(), names.data(), names.size());

  ASSERT_GT(size, 0);
  EXPECT_THAT(std::string(names.data(), static_cast<std::size_t>(size)),
              AllOf(HasSubstr("user.blob.etag"), Not(HasSubstr("cached")), Not(HasSubstr("checked"))));
  EXPECT_EQ(attribute(mounted / "blob", "user.blob.unwritten"), "0");
}

}  // namespace
}  // namespace blobmount::tests
