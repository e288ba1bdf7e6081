#include "auth/sas_transport.hpp"

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/scripted_transport.hpp"
#include "http/observed_transport.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Sas : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_) << text; }

  SasTransport transport_of(const SharedAccessSignature& given) {
    return {network_, clock_, CurrentSas::create(given, clock_, log_).value()};
  }
  static Result<HttpResponse> get(HttpTransport& transport, const std::string& url) {
    return answer_of(transport, {.url = parse_url(url).value()});
  }
  /// The signatures of all requests so far.
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> signatures;
    for (const auto& request : network_.requests()) {
      for (const auto& [name, value] : request.url.query) {
        if (name == "sig") signatures.push_back(value);
      }
    }
    return signatures;
  }

  TemporaryDirectory directory_;
  const std::string file_ = directory_.path() / "sas";
  ManualClock clock_;
  RecordingLog log_;
  std::string good_ = "good";
  ScriptedTransport network_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    const bool good = request.url.query.back().second == good_;
    return HttpResponse{.status = good ? 200 : 403, .body = good ? "hello" : "<Error/>"};
  }};
};

TEST_F(Sas, ItsFieldsAreInTheUrlOnceAndEncoded) {
  auto transport = transport_of({.token = Secret("?sv=2019-02-02&sr=c&sig=a%2Fb%2Bc%3D")});

  ASSERT_TRUE(get(transport, "https://a.example/c?restype=container&comp=list&prefix=x%20y"));

  ASSERT_EQ(network_.requests().size(), 1U);
  EXPECT_EQ(network_.requests().at(0).url.to_string(),
            "https://a.example/"
            "c?restype=container&comp=list&prefix=x%20y&sv=2019-02-02&sr=c&sig=a%2Fb%2Bc%3D");
}

TEST_F(Sas, DoesNotTravelInTheClearToAnotherMachine) {
  auto transport = transport_of({.token = Secret("sv=1&sig=sesame")});

  const auto answer = get(transport, "http://a.example/c");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(answer.error().message, Not(HasSubstr("sesame")));
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(get(transport, "http://127.0.0.1:10000/a/c")) << "within this machine it needs no TLS";
}

TEST_F(Sas, IsInNoLogOfRequests) {
  ObservedTransport observed(network_, clock_, log_);
  SasTransport transport(observed, clock_,
                         CurrentSas::create({.token = Secret("sv=1&sig=sesame")}, clock_, log_).value());

  ASSERT_TRUE(get(transport, "https://a.example/c?comp=list"));

  ASSERT_EQ(log_.lines().size(), 1U);
  EXPECT_THAT(log_.lines().front(), HasSubstr("GET https://a.example/c?comp=list "));
  for (const auto& line : log_.lines()) EXPECT_THAT(line, Not(HasSubstr("sesame")));
}

TEST_F(Sas, ANewOneInTheFileIsUsedWithinASecond) {
  write("sv=1&sig=good");
  auto transport = transport_of({.file = file_});
  ASSERT_TRUE(get(transport, "https://a.example/c"));

  write("sv=1&sig=another");
  good_ = "another";
  clock_.advance(1s);
  const auto answer = get(transport, "https://a.example/c");

  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(sent(), ElementsAre("good", "another"));
}

TEST_F(Sas, IsFoundInAConnectionStringToo) {
  write("BlobEndpoint=https://a.example;SharedAccessSignature=sv=1&sig=good");
  auto transport = transport_of({.file = file_, .account = "a"});
  ASSERT_TRUE(get(transport, "https://a.example/c"));

  write("BlobEndpoint=https://a.example;SharedAccessSignature=sv=1&sig=another");
  good_ = "another";
  clock_.advance(1s);
  EXPECT_TRUE(get(transport, "https://a.example/c"));
}

TEST_F(Sas, ARefusedOneIsLookedForAgainAtOnceAndTheRequestRepeated) {
  write("sv=1&sig=old");
  auto transport = transport_of({.file = file_});
  write("sv=1&sig=good");

  const auto answer = get(transport, "https://a.example/c");

  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_THAT(sent(), ElementsAre("old", "good"));
}

TEST_F(Sas, WhereTheFileHoldsNoOtherTheRefusalIsPassedOn) {
  write("sv=1&sig=old");
  auto transport = transport_of({.file = file_});

  const auto answer = get(transport, "https://a.example/c");

  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(answer->body, "<Error/>");
  EXPECT_THAT(sent(), ElementsAre("old"));
}

TEST_F(Sas, ANewOneThatIsRefusedTooIsNotRepeated) {
  write("sv=1&sig=old");
  auto transport = transport_of({.file = file_});
  write("sv=1&sig=new");

  const auto answer = get(transport, "https://a.example/c");

  EXPECT_EQ(answer->status, 403);
  EXPECT_THAT(sent(), ElementsAre("old", "new"));
}

TEST_F(Sas, WhatIsDamagedInTheFileIsToldOnceAndTheLastGoodOneUsedOn) {
  write("sv=1&sig=good");
  auto transport = transport_of({.file = file_});
  write("sv=1&sesame");

  for (int i = 0; i < 5; ++i) {
    clock_.advance(1s);
    ASSERT_TRUE(get(transport, "https://a.example/c"));
  }

  EXPECT_THAT(sent(), ElementsAre("good", "good", "good", "good", "good"));
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("the last one is used on")));
  EXPECT_THAT(log_.lines().front(), Not(HasSubstr("sesame")));
}

TEST_F(Sas, ThatExpiredAndIsRefusedSaysSo) {
  auto transport = transport_of({.token = Secret("sv=1&se=1969-01-01T00:00:00Z&sig=old")});

  const auto answer = get(transport, "https://a.example/c");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(answer.error().message,
            "the service refuses the shared access signature (HTTP 403), which expired at "
            "1969-01-01T00:00:00Z: make a new one");
}

TEST_F(Sas, ThatExpiredByAWrongClockIsUsedAsLongAsItIsTaken) {
  auto transport = transport_of({.token = Secret("sv=1&se=1969-01-01T00:00:00Z&sig=good")});

  EXPECT_EQ(get(transport, "https://a.example/c")->status, 200);
}

TEST_F(Sas, AFileWithoutOneIsAnErrorThatNamesTheFile) {
  write("sesame");

  const auto created = CurrentSas::create({.file = file_}, clock_, log_);

  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(created.error().message, HasSubstr(file_));
  EXPECT_THAT(created.error().message, Not(HasSubstr("sesame")));
}

}  // namespace
}  // namespace blobmount::tests
