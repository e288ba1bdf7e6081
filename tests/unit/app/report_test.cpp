#include "app/report.hpp"

#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace blobmount {
namespace {

Report examination() {
  Report report;
  report.add(Finding::ok, "name resolution", "host is 10.0.0.4");
  report.add(Finding::note, "clock", "not said");
  report.add(Finding::failed, "role", "none: assign it");
  report.add(Finding::skipped, "reading", "see above");
  return report;
}

TEST(Report, ShowsALineForEachWithWhatBecameOfIt) {
  std::ostringstream text;

  examination().print(text, true);

  EXPECT_EQ(text.str(),
            "ok      name resolution  host is 10.0.0.4\n"
            "note    clock            not said\n"
            "FAILED  role             none: assign it\n"
            "-       reading          see above\n");
}

TEST(Report, WithoutMarksAFailureStillStandsOut) {
  std::ostringstream text;

  examination().print(text, false);

  EXPECT_EQ(text.str(),
            "name resolution  host is 10.0.0.4\n"
            "clock            not said\n"
            "role             FAILED: none: assign it\n"
            "reading          see above\n");
}

TEST(Report, IsJsonForPrograms) {
  auto report = examination();
  report.add(Finding::ok, "reading", "a name that is no UTF-8: \xff");
  std::ostringstream text;

  report.print_json(text);

  const auto json = nlohmann::json::parse(text.str());
  EXPECT_EQ(json["ok"], false);
  ASSERT_EQ(json["lines"].size(), 5U);
  EXPECT_EQ(json["lines"][2]["finding"], "failed");
  EXPECT_EQ(json["lines"][2]["subject"], "role");
  EXPECT_EQ(json["lines"][3]["finding"], "skipped");
}

TEST(Report, NotesAndWhatWasLeftOutAreNoFailures) {
  Report report;
  report.add(Finding::note, "kernel", "old");
  report.add(Finding::skipped, "reading", "no blob");
  EXPECT_TRUE(report.all_well());

  report.add(Finding::failed, "role", "none");
  EXPECT_FALSE(report.all_well());
}

}  // namespace
}  // namespace blobmount
