#include "blob/http_date.hpp"

#include <clocale>
#include <string>

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

std::int64_t seconds_of(std::string_view text) {
  const auto time = parse_http_date(text);
  return time ? std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count() : -1;
}

TEST(HttpDate, IsReadToTheSecond) {
  EXPECT_EQ(seconds_of("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(seconds_of("Fri, 26 Jun 2015 23:39:12 GMT"), 1'435'361'952);
  EXPECT_EQ(seconds_of("Thu, 29 Feb 2024 12:00:00 GMT"), 1'709'208'000);
  EXPECT_EQ(seconds_of("Sun, 07 Feb 2106 06:28:16 GMT"), 4'294'967'296);
}

TEST(HttpDate, AMonthIsReadInAnyLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where it is installed
  EXPECT_EQ(seconds_of("Tue, 01 Dec 2015 00:00:00 GMT"), 1'448'928'000);
  std::setlocale(LC_ALL, before.c_str());
}

TEST(HttpDate, AnythingElseIsNoDate) {
  for (const auto* text : {"",
                           "GMT",
                           "Fri, 26 Jun 2015 23:39:12",
                           "Fri, 26 Jun 2015 23:39:12 UTC",
                           "Fri, 26 Jux 2015 23:39:12 GMT",
                           "Fri, 26 anF 2015 23:39:12 GMT",
                           "Fri, 31 Jun 2015 23:39:12 GMT",
                           "Fri, 00 Jun 2015 23:39:12 GMT",
                           "Fri, 29 Feb 2023 12:00:00 GMT",
                           "Fri, 26 Jun 2015 24:00:00 GMT",
                           "Fri, 26 Jun 2015 23:60:00 GMT",
                           "Fri, 26 Jun 2015 23:39:61 GMT",
                           "Fri, +6 Jun 2015 23:39:12 GMT",
                           "Fri, 26 Jun -015 23:39:12 GMT",
                           "Fri, 26 Jun 9999 23:39:12 GMT",
                           "Fri, 26 Jun 0001 23:39:12 GMT",
                           "Fri  26 Jun 2015 23:39:12 GMT",
                           "Friday, 26-Jun-15 23:39:12 GMT",
                           "2015-06-26T23:39:12Z",
                           "Fri, 26 Jun 2015 23:39:12 GMT "}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace blobmount::tests
