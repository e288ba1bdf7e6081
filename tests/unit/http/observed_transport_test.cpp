#include "http/observed_transport.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/scripted_transport.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::answer_of;

HttpRequest secret_request() {
  return {.method = "PUT",
          .url = *parse_url("https://account.example/c/a%20b?comp=list&prefix=x&sv=2026&sig=sesame&se=1"),
          .headers = {{"Authorization", "Bearer sesame"}},
          .body = "sesame"};
}

class Observed : public testing::Test {
 protected:
  tests::ManualClock clock_;
  tests::RecordingLog log_;
  Result<HttpResponse> answer_ = HttpResponse{200, {{"x-ms-secret", "sesame"}}, "sesame"};
  tests::ScriptedTransport network_{[this](const HttpRequest&) {
    clock_.advance(25ms);
    return answer_;
  }};
  ObservedTransport observed_{network_, clock_, log_};
};

TEST_F(Observed, EachTryIsOneEvent) {
  ASSERT_TRUE(answer_of(observed_, {.url = *parse_url("https://h/c/a%20b"), .range = ByteRange{5, 10}}));
  ASSERT_TRUE(answer_of(observed_, {.method = "HEAD", .url = *parse_url("https://h/c")}));

  EXPECT_THAT(log_.lines(),
              ElementsAre("debug request what=GET https://h/c/a%20b range=bytes=5-14 outcome=200 us=25000",
                          "debug request what=HEAD https://h/c outcome=200 us=25000"));
}

TEST_F(Observed, AFailureSaysWhy) {
  answer_ = Error{ErrorCode::unavailable, "connection reset"};

  EXPECT_FALSE(answer_of(observed_, {.url = *parse_url("https://h/c")}));

  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("outcome=connection reset ")));
}

TEST_F(Observed, NoCredentialIsShown) {
  ASSERT_TRUE(answer_of(observed_, secret_request()));

  ASSERT_THAT(log_.lines(), SizeIs(1));
  EXPECT_THAT(log_.lines()[0], AllOf(HasSubstr("PUT https://account.example/c/a%20b?comp=list&prefix=x "),
                                     Not(HasSubstr("sesame"))));
}

TEST_F(Observed, TheRequestAndItsAnswerStayWhatTheyAre) {
  const auto answer = answer_of(observed_, secret_request());

  EXPECT_EQ(answer->body, "sesame");
  EXPECT_EQ(answer->headers.get("x-ms-secret"), "sesame");
  const auto sent = network_.requests().at(0);
  EXPECT_EQ(sent.url.to_string(), secret_request().url.to_string());
  EXPECT_EQ(sent.headers.get("Authorization"), "Bearer sesame");
  EXPECT_EQ(sent.body, "sesame");
}

TEST_F(Observed, WithoutDebuggingNothingIsDone) {
  /// Fails the test where anything is written.
  class SilentLog final : public Log {
   public:
    [[nodiscard]] bool enabled(LogLevel level) const override { return level > LogLevel::debug; }
    void write(LogLevel, std::string_view event, std::initializer_list<LogField>) override {
      ADD_FAILURE() << event;
    }
  };
  SilentLog silent;
  ObservedTransport observed(network_, clock_, silent);

  const auto answer = answer_of(observed, secret_request());

  EXPECT_EQ(answer->status, 200);
}

}  // namespace
}  // namespace blobmount
