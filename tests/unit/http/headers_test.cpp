#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blobmount/http.hpp"

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Headers, AreFoundInAnyCase) {
  const HttpHeaders headers{{"Content-Type", "text/xml"}};

  EXPECT_EQ(headers.get("content-type"), "text/xml");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "text/xml");
  EXPECT_EQ(headers.get("Content-Typ"), std::nullopt);
  EXPECT_EQ(headers.get("Content-Type2"), std::nullopt);
  EXPECT_EQ(headers.get(""), std::nullopt);
}

TEST(Headers, AnEmptyFieldIsThere) { EXPECT_EQ((HttpHeaders{{"x-ms-meta-a", ""}}.get("x-ms-meta-a")), ""); }

TEST(Headers, OfSeveralTheFirstIsFound) {
  HttpHeaders headers{{"a", "1"}};

  headers.add("A", "2");

  EXPECT_EQ(headers.get("A"), "1");
  EXPECT_THAT(std::vector(headers.begin(), headers.end()), ElementsAre(Pair("a", "1"), Pair("A", "2")));
}

TEST(Headers, SettingReplacesOrAdds) {
  HttpHeaders headers{{"Authorization", "Bearer t1"}};

  headers.set("authorization", "Bearer t2");
  headers.set("x-ms-date", "today");

  EXPECT_THAT(std::vector(headers.begin(), headers.end()),
              ElementsAre(Pair("Authorization", "Bearer t2"), Pair("x-ms-date", "today")));
}

TEST(RangeHeader, NamesTheFirstAndTheLastByte) {
  EXPECT_EQ(range_header({0, 1}), "bytes=0-0");
  EXPECT_EQ(range_header({0, 100}), "bytes=0-99");
  EXPECT_EQ(range_header({100, 100}), "bytes=100-199");
}

TEST(RangeHeader, GoesFarBeyondFourGigabytes) {
  EXPECT_EQ(range_header({5'000'000'000'000, 1U << 20U}), "bytes=5000000000000-5000001048575");
  EXPECT_EQ(range_header({~std::uint64_t{0} - 1, 1}), "bytes=18446744073709551614-18446744073709551614");
}

}  // namespace
}  // namespace blobmount
