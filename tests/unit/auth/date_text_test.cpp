#include "auth/date_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

std::int64_t epoch_of(std::string_view text) {
  const auto date = parse_date(text);
  EXPECT_TRUE(date) << text;
  return date ? date->time_since_epoch().count() : 0;
}

TEST(DateText, IsReadAsAppServiceWroteItIn2017) {
  EXPECT_EQ(epoch_of("06/20/2019 02:57:58 +00:00"), 1'560'999'478);
  EXPECT_EQ(epoch_of("1/2/2021 3:04:05 PM +00:00"), 1'609'599'845);
  EXPECT_EQ(epoch_of("1/2/2021 3:04:05 AM +00:00"), 1'609'556'645);
}

TEST(DateText, KnowsNoonFromMidnight) {
  EXPECT_EQ(epoch_of("1/2/2021 12:00:00 PM +00:00"), 1'609'588'800);
  EXPECT_EQ(epoch_of("1/2/2021 12:00:00 AM +00:00"), 1'609'545'600);
}

TEST(DateText, IsReadAsIso8601HasIt) {
  EXPECT_EQ(epoch_of("2019-06-20T02:57:58Z"), 1'560'999'478);
  EXPECT_EQ(epoch_of("2019-06-20T02:57:58.1234567Z"), 1'560'999'478);
  EXPECT_EQ(epoch_of("2019-06-20T04:57:58+02:00"), 1'560'999'478);
  EXPECT_EQ(epoch_of("2019-06-20 00:57:58-0200"), 1'560'999'478);
}

TEST(DateText, IsNotGuessed) {
  for (const auto* text : {"", "soon", "2019-06-20", "2019-06-20T02:57:58", "2019-13-20T02:57:58Z",
                           "2019-02-30T02:57:58Z", "2019-06-20T24:00:00Z", "2019-06-20T02:57:58.Z",
                           "2019-06-20T02:57:58Z and more", "06/20/2019", "13/20/2019 02:57:58 +00:00",
                           "06/20/2019 02:57:58", "06/20/2019 02:57:58 +00:00 ", "6/20/19 2:57:58 AM +00:00",
                           "-6/20/2019 02:57:58 +00:00", "06/20/2019 02:-7:58 +00:00", "//  ::  +"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

}  // namespace
}  // namespace blobmount
