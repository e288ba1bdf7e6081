#include "app/cache_jobs.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <new>
#include <utility>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/json_members.hpp"
#include "fakes/fake_byte_source.hpp"
#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

class CacheJobsTest : public DiskTierTest {
 protected:
  DiskTier* mounted() {
    mount();
    return tier.get();
  }
  [[nodiscard]] json state(CacheJobs::Number number) const {
    const auto found = jobs.state(number);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : json();
  }
  json end_of(const Result<CacheJobs::Number>& job) const {
    EXPECT_TRUE(job) << job.error().message;
    EXPECT_TRUE(eventually(20s, [&] { return !flag_in(state(*job), "running"); }));
    return state(*job);
  }

  /// What the kernel is told; it has heard of it when that is called.
  std::function<void(std::function<void()> done)> kernel = [](const auto& done) { done(); };
  MemoryTier memory{origin, budget};
  CacheJobs jobs{{.memory = memory, .disk = mounted(), .drop_kernel_pages = [this](auto done) {
                    kernel(std::move(done));
                  }}};
};

TEST_F(CacheJobsTest, AreFoundByTheirNumbersWhenOthersHaveBeenBegunSince) {
  keep(version_of("blob", 3));

  const auto cleared = end_of(jobs.clear()), verified = end_of(jobs.verify());

  EXPECT_EQ(count_in(cleared, "disk_blobs"), 1U) << cleared;
  EXPECT_EQ(count_in(verified, "disk_blobs"), 0U) << verified;
  EXPECT_EQ(state(count_in(cleared, "number")), cleared);
  EXPECT_EQ(text_in(state(count_in(verified, "number")), "action"), "verify");
}

TEST_F(CacheJobsTest, OfLongAgoOrNeverAreNotFound) {
  const auto first = jobs.clear();
  end_of(first);
  for (int i = 0; i < 20; ++i) end_of(jobs.clear());

  EXPECT_EQ(jobs.state(*first).error().code, ErrorCode::not_found);
  EXPECT_EQ(jobs.state(0).error().code, ErrorCode::not_found);
  EXPECT_EQ(jobs.state(4711).error().code, ErrorCode::not_found);
}

TEST_F(CacheJobsTest, AreOneAtATime) {
  std::promise<std::function<void()>> told;
  kernel = [&told](auto done) { told.set_value(std::move(done)); };
  const auto running = jobs.clear();
  const auto done = told.get_future().get();

  EXPECT_EQ(jobs.clear().error().code, ErrorCode::busy);
  EXPECT_TRUE(flag_in(state(*running), "running"));
  done();

  end_of(running);
  EXPECT_TRUE(jobs.verify());
}

TEST_F(CacheJobsTest, EndWithTheMountThoughTheKernelDoesNotHear) {
  kernel = [](const auto&) {};

  EXPECT_TRUE(jobs.clear());
}

TEST_F(CacheJobsTest, ThatThrowSayWhy) {
  kernel = [](const auto&) { throw std::bad_alloc(); };

  const auto failed = end_of(jobs.clear());

  EXPECT_THAT(text_in(failed, "failure"), HasSubstr("bad_alloc"));
  EXPECT_EQ(text_in(end_of(jobs.verify()), "failure"), "");
}

TEST(CacheCommandOfADaemon, AnswersWithTheJobThatIsAskedFor) {
  FakeByteSource source;
  MemoryBudget budget{64ULL << 20U};
  MemoryTier memory{source, budget};
  CacheJobs jobs{{.memory = memory, .drop_kernel_pages = [](const auto& done) { done(); }}};
  const auto cache = std::get<ControlServer::Handler>(commands_for(jobs).at("cache"));

  const auto begun = cache({{"action", "clear"}});
  ASSERT_TRUE(begun) << begun.error().message;
  const auto number = count_in(member_of(*begun, "job"), "number");
  EXPECT_GT(number, 0U);
  EXPECT_EQ(count_in(member_of(*cache({{"action", "job"}, {"number", number}}), "job"), "number"), number);
  for (const json& wrong : {json::object(), json{{"action", 7}}, json{{"action", "verify"}},
                            json{{"action", "job"}}, json{{"action", "job"}, {"number", "1"}}})
    EXPECT_FALSE(cache(wrong)) << wrong;
}

}  // namespace
}  // namespace blobmount::tests
