#include "app/json_members.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace blobmount {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const json said{{"text", "hello"}, {"number", 1.5},         {"count", 7},     {"less", -7}, {"huge", 1e300},
                {"flag", true},    {"list", {"a", 1, "b"}}, {"none", nullptr}};

TEST(JsonMembers, AreWhatWasSaid) {
  EXPECT_EQ(text_in(said, "text"), "hello");
  EXPECT_EQ(number_in(said, "number"), 1.5);
  EXPECT_EQ(number_in(said, "less"), -7);
  EXPECT_EQ(count_in(said, "count"), 7U);
  EXPECT_TRUE(flag_in(said, "flag"));
  EXPECT_THAT(texts_in(said, "list"), ElementsAre("a", "b"));
  EXPECT_EQ(count_in(json::parse("{\"a\":18446744073709551615}"), "a"),
            std::numeric_limits<std::uint64_t>::max());
}

TEST(JsonMembers, OfAnotherTypeAreNone) {
  for (const auto* name : {"number", "count", "flag", "list", "none", "absent"})
    EXPECT_EQ(text_in(said, name, "?"), "?") << name;
  for (const auto* name : {"text", "flag", "list", "none", "absent"})
    EXPECT_EQ(number_in(said, name), 0) << name;
  for (const auto* name : {"text", "number", "less", "huge", "flag", "list", "none", "absent"})
    EXPECT_EQ(count_in(said, name), 0U) << name;
  for (const auto* name : {"text", "number", "list", "none", "absent"})
    EXPECT_FALSE(flag_in(said, name)) << name;
  for (const auto* name : {"number", "flag", "none", "absent"})
    EXPECT_THAT(texts_in(said, name), IsEmpty()) << name;
}

TEST(JsonMembers, OfWhatIsNoObjectAreNone) {
  for (const auto& other : {json(), json(7), json("text"), json::array({"text"})}) {
    EXPECT_TRUE(member_of(other, "text").is_null());
    EXPECT_EQ(text_in(other, "text"), "");
    EXPECT_EQ(count_in(other, "text"), 0U);
  }
}

TEST(JsonMembers, AreNoNumbersThatNothingCanBeDoneWith) {
  EXPECT_EQ(number_in(said, "huge") - number_in({{"a", -1e300}}, "a"), 2e18);
}

}  // namespace
}  // namespace blobmount
