/// A service that fails: programs get the right bytes or the right errno, in time, and never wrong bytes.

#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>

#include "fakes/synthetic_content.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t size = 4U << 20U;
constexpr auto get = RequestKind::get_blob;
constexpr std::uint64_t middle = size / 2 + 4096;

std::string bytes_of(const std::string& blob) {
  std::string bytes(size, '\0');
  SyntheticContent(SyntheticContent::seed_of(blob)).fill(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

class Faults : public testing::Test {
 protected:
  Faults() { service.blobs().put_synthetic("test", "blob", size); }

  /// Each third request of that kind, so that the same one repeated gets through.
  void now_and_then(const Fault& fault, std::optional<RequestKind> kind = get) {
    service.faults().add({.fault = fault, .request = kind, .first = 2, .every = 3});
  }

  void expect_right_bytes_within(Duration limit) { expect_right_bytes_within(limit, account.mount("test")); }

  void expect_right_bytes_within(Duration limit, const MountOptions& options) {
    const Mounted mounted(options);
    const auto start = std::chrono::steady_clock::now();
    const auto read = read_file(mounted / "blob");
    EXPECT_EQ(read.error, 0);
    EXPECT_TRUE(read.bytes == bytes_of("blob"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, limit);
    EXPECT_GT(service.faults().hits(), 0U) << "there was something to get over";
  }

  /// Neither bytes nor a hang.
  void expect_error(int error) {
    const Mounted mounted(account.mount("test"));
    const auto read = read_file(mounted / "blob");
    EXPECT_EQ(read.error, error);
    EXPECT_TRUE(bytes_of("blob").starts_with(read.bytes)) << "no byte that was not sent";
  }

  /// One page from the middle, past the page cache: one request, to which `faults` happen in their order.
  void expect_right_page(const std::vector<Fault>& faults, Duration least, Duration most,
                         const MountOptions& options) {
    const Mounted mounted(options);
    const FileHandle file(mounted / "blob", O_RDONLY | O_DIRECT);
    ASSERT_EQ(file.error(), 0);
    for (std::uint64_t i = 0; i < faults.size(); ++i) {
      service.faults().add({.fault = faults[i], .request = get, .first = i + 1});
    }
    const auto hits = service.faults().hits();
    const auto start = std::chrono::steady_clock::now();
    const auto read = file.read(middle, 4096);
    const auto taken = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(read.error, 0);
    EXPECT_TRUE(read.bytes == bytes_of("blob").substr(middle, 4096));
    EXPECT_GE(taken, least);
    EXPECT_LT(taken, most);
    EXPECT_EQ(service.faults().hits() - hits, faults.size());
  }
  [[nodiscard]] MountOptions impatient() const { return account.mount("test").with("--stall-timeout", "1"); }

  ServedAccount account;
  BlobService& service = account.service;
};

TEST_F(Faults, AServerErrorNowAndThenIsNotNoticed) {
  now_and_then({.kind = FaultKind::status, .status = 500});
  expect_right_bytes_within(20s);
}

TEST_F(Faults, AnythingThatFailsNowAndThenIsAskedForAgain) {
  now_and_then({.kind = FaultKind::status, .status = 503, .code = "ServerBusy"}, std::nullopt);
  const Mounted mounted(account.mount().with("--attr-ttl", "0"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(names_in(mounted / "test"), std::set<std::string>{"blob"});
    EXPECT_EQ(stat_error(mounted / "test/absent"), ENOENT);
    EXPECT_EQ(FileHandle(mounted / "test/blob").read(0, 10).bytes, bytes_of("blob").substr(0, 10));
  }
}

TEST_F(Faults, RetryAfterIsWaitedFor) {
  service.faults().add({.fault = {.kind = FaultKind::status,
                                  .status = 503,
                                  .code = "ServerBusy",
                                  .retry_after = std::chrono::seconds{2}},
                        .request = get});
  const auto start = std::chrono::steady_clock::now();
  expect_right_bytes_within(20s);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 2s);
}

TEST_F(Faults, EachFaultThatPassesIsGotOverInItsTime) {
  struct Case {
    const char* name;
    std::vector<Fault> faults;
    Duration least, most;
  };
  const Fault busy{.kind = FaultKind::status, .status = 503, .code = "ServerBusy"};
  auto busy_for_a_second = busy;
  busy_for_a_second.retry_after = 1s;
  const Fault refused{.kind = FaultKind::status, .status = 401, .code = "InvalidAuthenticationInfo"};
  const Fault stall{.kind = FaultKind::stall}, stall_in_body{.kind = FaultKind::stall, .bytes = 30'000};
  // a page gets a second, and four for its bytes; 5 kB have come by then
  const Fault drip{.kind = FaultKind::drip, .bytes = 10'000, .rate = 1000};
  for (const auto& [name, faults, least, most] :
       {Case{"reset before the head", {{.kind = FaultKind::reset}}, 0s, 8s},
        Case{"reset mid-body", {{.kind = FaultKind::reset, .bytes = 30'000}}, 0s, 8s},
        Case{"truncation", {{.kind = FaultKind::truncate, .bytes = 30'000}}, 0s, 8s},
        Case{"two breaks",
             {{.kind = FaultKind::reset, .bytes = 30'000}, {.kind = FaultKind::truncate, .bytes = 20'000}},
             0s,
             8s},
        Case{"stall before the head", {stall}, 1s, 9s}, Case{"stall mid-body", {stall_in_body}, 1s, 9s},
        Case{"stall twice in a row", {stall_in_body, stall}, 2s, 9s},
        Case{"500", {{.kind = FaultKind::status, .status = 500}}, 0s, 8s},
        Case{"500 twice, then 503", {{.kind = FaultKind::status}, {.kind = FaultKind::status}, busy}, 0s, 8s},
        Case{"503 with Retry-After", {busy_for_a_second}, 1s, 9s}, Case{"401 once", {refused}, 0s, 8s},
        Case{"drip", {drip}, 1s, 20s}}) {
    SCOPED_TRACE(name);
    service.faults().clear();
    expect_right_page(faults, least, most, impatient());
  }
}

TEST_F(Faults, OneRefusalIsGotOverThoughTheSameTokenIsGivenAgain) {
  account.identity.keep_tokens();
  const Fault refused{.kind = FaultKind::status, .status = 401, .code = "InvalidAuthenticationInfo"};

  expect_right_page({refused}, 0s, 8s, impatient());

  EXPECT_EQ(account.identity.issued().size(), 1U);
}

TEST_F(Faults, OfAWholeBlobStalledTwiceNothingIsMissing) {
  service.faults().add({.fault = {.kind = FaultKind::stall, .bytes = 30'000}, .request = get});
  service.faults().add({.fault = {.kind = FaultKind::stall}, .request = get, .first = 2});
  expect_right_bytes_within(9s, impatient());
}

/// Each kind of fault in the middle of a file, once and for good: a page of right bytes or the errno, in its
/// time; and when all have ended, not a request more, though the files are still open.
TEST_F(Faults, EachKindEndsInRightBytesOrItsErrnoInItsTimeAndNothingIsAskedAfterwards) {
  enum Often { once, always };
  struct Case {
    const char* name;
    Fault fault;
    Often often;
    int error;  ///< 0: right bytes
    Duration most;
  };
  constexpr auto at_once = 5s, after_the_budget = 25s;  // which is 6 s; a busy machine adds to that
  constexpr std::uint64_t large = 64U << 20U, here = 20U << 20U, there = (40U << 20U) + 4096;
  const auto status = [](int number, const char* code, std::chrono::seconds retry_after = 0s) {
    return Fault{.kind = FaultKind::status, .status = number, .code = code, .retry_after = retry_after};
  };
  const Case cases[] = {
      {"reset", {.kind = FaultKind::reset, .bytes = 30'000}, once, 0, at_once},
      {"reset before the head", {.kind = FaultKind::reset}, always, EIO, after_the_budget},
      {"truncation", {.kind = FaultKind::truncate, .bytes = 30'000}, once, 0, at_once},
      {"truncation before the first byte", {.kind = FaultKind::truncate}, always, EIO, after_the_budget},
      {"stall", {.kind = FaultKind::stall, .bytes = 30'000}, once, 0, 9s},
      {"stall for good", {.kind = FaultKind::stall}, always, EIO, after_the_budget},
      {"too long", {.kind = FaultKind::wrong_length, .bytes = 100}, always, EIO, at_once},
      {"too short", {.kind = FaultKind::wrong_length, .bytes = -100}, always, EIO, at_once},
      {"500", status(500, "InternalError"), once, 0, at_once},
      {"500 for good", status(500, "InternalError"), always, EIO, after_the_budget},
      {"503 with Retry-After", status(503, "ServerBusy", 1s), once, 0, 9s},
      {"503 with Retry-After for good", status(503, "ServerBusy", 1s), always, EIO, after_the_budget},
      {"503 with a long Retry-After", status(503, "ServerBusy", 600s), always, EIO, at_once},
      {"401", status(401, "InvalidAuthenticationInfo"), once, 0, at_once},
      {"403", status(403, "AuthorizationPermissionMismatch"), always, EACCES, at_once},
      {"404", status(404, "BlobNotFound"), always, ENOENT, at_once},
      {"412", status(412, "ConditionNotMet"), always, ESTALE, at_once},
      {"drip", {.kind = FaultKind::drip, .bytes = 10'000, .rate = 1000}, once, 0, 15s},
      {"drip for good", {.kind = FaultKind::drip, .bytes = 10, .rate = 10}, always, EIO, 60s},
      // the last: it takes a while until the next token is asked for
      {"401 for good", status(401, "InvalidAuthenticationInfo"), always, EACCES, after_the_budget},
  };
  for (const auto& one : cases) service.blobs().put_synthetic("test", one.name, large);
  const Mounted mounted(impatient().with("--retry-timeout", "6").with("--attr-ttl", "600"));
  std::vector<std::unique_ptr<FileHandle>> files;
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    const SyntheticContent content(SyntheticContent::seed_of(one.name));
    files.push_back(std::make_unique<FileHandle>(mounted / one.name, O_RDONLY | O_DIRECT));
    const auto& file = *files.back();
    const auto before = file.read(here, 4096);
    ASSERT_EQ(before.bytes.size(), 4096U) << before.error << mounted.log();
    const auto hits = service.faults().hits();
    service.faults().add({.fault = one.fault,
                          .request = get,
                          .name = std::string("test/") + one.name,
                          .every = one.often == always ? 1U : 0U});

    const auto start = std::chrono::steady_clock::now();
    const auto read = file.read(there, 4096);
    EXPECT_LT(std::chrono::steady_clock::now() - start, one.most);
    EXPECT_EQ(read.error, one.error);
    EXPECT_EQ(read.bytes.size(), one.error == 0 ? 4096U : 0U);
    EXPECT_TRUE(content.matches(there, std::as_bytes(std::span(read.bytes))));
    EXPECT_GT(service.faults().hits(), hits);
    service.faults().clear();
  }

  const auto requests = service.stats().counts().all();
  std::this_thread::sleep_for(4s);  // longer than the longest pause between two tries
  EXPECT_EQ(service.stats().counts().all(), requests);
  for (const auto& one : cases)
    EXPECT_EQ(service.stats().under_way(std::string("test/") + one.name), 0U) << one.name;

  EXPECT_TRUE(eventually(30s, [&files] { return files[0]->read(there, 4096).error == 0; }));
  for (const auto& file : files) {
    EXPECT_EQ(file->read(there, 4096).bytes.size(), 4096U) << "the next read is another";
  }
}

class Outage : public Faults, public testing::WithParamInterface<int> {};

/// A read that takes too long is freed with the mount.
TEST_P(Outage, IsAnErrorInTimeAndThenOver) {
  const Mounted mounted(account.mount("test").with("--retry-timeout", "2").with("--attr-ttl", "60"));
  const FileHandle file(mounted / "blob", O_RDONLY | GetParam());
  service.faults().add_always({.kind = FaultKind::status, .status = 500});

  const auto before = service.stats().counts().of(get);
  auto read = std::async(std::launch::async, [&file] { return file.read(0, size); });
  const bool in_time = read.wait_for(20s) == std::future_status::ready;
  if (!in_time) mounted.process().signal(SIGKILL);
  ASSERT_TRUE(in_time) << service.stats().counts().of(get) << " requests so far";
  EXPECT_EQ(read.get(), (FileHandle::Read{.error = EIO}));
  EXPECT_GE(service.stats().counts().of(get), before + 2) << "it is tried again";

  service.faults().clear();

  EXPECT_TRUE(file.read_all().bytes == bytes_of("blob"));
  EXPECT_TRUE(read_file(mounted / "blob").bytes == bytes_of("blob"));
}

TEST_P(Outage, AReaderThatIsKilledIsGoneAtOnce) {
  const Mounted mounted(account.mount("test").with("--retry-timeout", "10").with("--attr-ttl", "60"));
  EXPECT_EQ(FileHandle(mounted / "blob").error(), 0);
  service.faults().add_always({.kind = FaultKind::status, .status = 500});
  Command command{
      .arguments = {"dd", "if=" + (mounted / "blob").string(), "of=/dev/null", "bs=1M", "count=1"}};
  if (GetParam() == O_DIRECT) command.arguments.emplace_back("iflag=direct");

  const auto before = service.stats().counts().of(get);
  const Process reader(command);
  EXPECT_TRUE(eventually(10s, [&] { return service.stats().counts().of(get) > before; }));
  reader.signal(SIGKILL);

  EXPECT_EQ(reader.wait(8s), 128 + SIGKILL);
}

INSTANTIATE_TEST_SUITE_P(Reads, Outage, testing::Values(0, O_DIRECT),
                         [](const auto& flags) { return flags.param == 0 ? "Buffered" : "Direct"; });

TEST_F(Faults, AnErrorForGoodIsToldAtOnceAndNotKept) {
  struct Case {
    int status;
    const char* code;
    int error;
  };
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));
  for (const auto& [status, code, error] :
       {Case{403, "AuthorizationPermissionMismatch", EACCES}, Case{404, "BlobNotFound", ENOENT},
        Case{412, "ConditionNotMet", ESTALE}}) {
    SCOPED_TRACE(code);
    const auto name = std::to_string(status);
    service.blobs().put_synthetic("test", name, 64U << 20U);
    const FileHandle file(mounted / name, O_RDONLY | O_DIRECT);
    ASSERT_EQ(file.read(20U << 20U, 1U << 20U).bytes.size(), 1U << 20U);
    service.faults().add_always({.kind = FaultKind::status, .status = status, .code = code}, get);

    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(file.read(40U << 20U, 1U << 20U), (FileHandle::Read{.error = error}));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 8s);
    EXPECT_EQ(file.read(20U << 20U, 1U << 20U).bytes.size(), 1U << 20U) << "what is here can still be read";

    service.faults().clear();
    EXPECT_EQ(file.read(40U << 20U, 1U << 20U).bytes.size(), 1U << 20U);
  }
}

TEST_F(Faults, AConnectionThatBreaksInABodyIsResumed) {
  now_and_then({.kind = FaultKind::reset, .bytes = 70'000});
  now_and_then({.kind = FaultKind::truncate, .bytes = 50'000});
  now_and_then({.kind = FaultKind::reset});
  expect_right_bytes_within(20s);
}

TEST_F(Faults, AStallIsNotWaitedForForEver) {
  service.faults().add({.fault = {.kind = FaultKind::stall, .bytes = 30'000}, .request = get});
  expect_right_bytes_within(50s);
}

TEST_F(Faults, AnAnswerOfTheWrongLengthIsNotBelieved) {
  for (const std::int64_t difference : {-1, 1, -60'000}) {
    service.faults().clear();
    service.faults().add_always({.kind = FaultKind::wrong_length, .bytes = difference}, get);
    expect_error(EIO);
  }
}

TEST_F(Faults, AnAnswerFromAnotherPlaceIsNotBelieved) {
  service.faults().add_always({.kind = FaultKind::wrong_range, .bytes = 4096}, get);
  expect_error(EIO);
}

TEST_F(Faults, AnAnswerOfAnotherVersionIsNotBelieved) {
  service.faults().add_always({.kind = FaultKind::wrong_etag}, get);
  expect_error(ESTALE);
}

TEST_F(Faults, WhatTheServiceSaysOfABlobBecomesItsErrno) {
  struct Case {
    int status;
    const char* code;
    int error;
  };
  for (const auto& [status, code, error] :
       {Case{412, "ConditionNotMet", ESTALE}, Case{404, "BlobNotFound", ENOENT},
        Case{403, "AuthorizationPermissionMismatch", EACCES}, Case{403, "AuthorizationFailure", EACCES},
        Case{409, "BlobArchived", EPERM}, Case{409, "LeaseIdMissing", EBUSY},
        Case{416, "InvalidRange", ESTALE}, Case{400, "InvalidHeaderValue", EINVAL}}) {
    SCOPED_TRACE(code);
    service.faults().clear();
    service.faults().add_always({.kind = FaultKind::status, .status = status, .code = code}, get);
    expect_error(error);
  }
}

TEST_F(Faults, AnErrorInTheMiddleEndsTheReadThere) {
  service.blobs().put_synthetic("test", "large", 64U << 20U);
  const Mounted mounted(account.mount("test"));
  const FileHandle file(mounted / "large", O_RDONLY | O_DIRECT);
  ASSERT_EQ(file.read(0, 1U << 20U).bytes.size(), 1U << 20U);
  service.faults().add_always({.kind = FaultKind::status, .status = 404, .code = "BlobNotFound"}, get);

  const auto far = 40U << 20U;  // beyond what has been read ahead
  EXPECT_EQ(file.read(far, 1U << 20U).error, ENOENT);

  service.faults().clear();
  EXPECT_EQ(file.read(far, 1U << 20U).error, 0) << "and the next try is another one";
}

TEST_F(Faults, AnArchivedBlobSaysSoAndIsToldOnce) {
  service.blobs().put_blob("test", "cold", {.size = 100, .access_tier = "Archive"});
  const Mounted mounted(account.mount("test"));

  for (int i = 0; i < 10; ++i) EXPECT_EQ(read_file(mounted / "cold").error, EPERM);

  EXPECT_TRUE(eventually(10s, [&] { return mounted.times_logged("archive tier") > 0; }));
  EXPECT_EQ(mounted.times_logged("archive tier"), 1) << mounted.log();
}

TEST_F(Faults, AFirewallThatComesUpIsAccessDeniedUntilItIsGone) {
  const Mounted mounted(account.mount("test").with("--attr-ttl", "0"));
  ASSERT_EQ(FileHandle(mounted / "blob").read(0, 10).error, 0);

  service.access().set_firewall(true);
  EXPECT_EQ(FileHandle(mounted / "blob").read(0, 10).error, EACCES);
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("warning operation failed") > 0; }))
      << mounted.log();
  EXPECT_EQ(mounted.times_logged("warning operation failed"), 1) << mounted.log();
  EXPECT_GT(mounted.times_logged("a firewall or network rule"), 0) << mounted.log();

  service.access().set_firewall(false);
  EXPECT_EQ(FileHandle(mounted / "blob").read(0, 10).error, 0);
}

TEST_F(Faults, AContainerThatIsDeletedIsGone) {
  service.blobs().put("other", "blob", "text");
  const Mounted mounted(account.mount().with("--attr-ttl", "0"));
  ASSERT_EQ(content_of(mounted / "other/blob"), "text");

  service.blobs().delete_container("other");

  EXPECT_EQ(FileHandle(mounted / "other/blob").error(), ENOENT);
  EXPECT_TRUE(eventually(20s, [&] { return stat_error(mounted / "other") == ENOENT; }));
}

}  // namespace
}  // namespace blobmount::tests
