#include "app/request_cost.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

constexpr double tolerance = 1e-12;

OperationCounts counts(const char* operation, std::map<std::string, std::uint64_t> outcomes) {
  return {.operation = operation, .outcomes = std::move(outcomes)};
}

TEST(RequestCost, IsByKind) {
  const RequestPrices prices{.currency = "EUR", .read = 1, .list = 10};

  EXPECT_NEAR(cost_of({counts("get_blob", {{"206", 10000}})}, prices), 1, tolerance);
  EXPECT_NEAR(cost_of({counts("get_blob_properties", {{"200", 5000}})}, prices), 0.5, tolerance);
  EXPECT_NEAR(
      cost_of({counts("list_blobs", {{"200", 10000}}), counts("list_containers", {{"200", 10000}})}, prices),
      20, tolerance);
}

TEST(RequestCost, IsOfWhatIsBilled) {
  const RequestPrices prices{.read = 1};

  EXPECT_NEAR(cost_of({counts("get_blob", {{"404", 10000}, {"412", 10000}})}, prices), 2, tolerance);
  EXPECT_NEAR(cost_of({counts("get_blob", {{"503", 1}, {"429", 1}, {"timed out", 1}, {"500", 1}})}, prices),
              0, tolerance);
  EXPECT_NEAR(cost_of({counts("token", {{"200", 10000}})}, prices), 0, tolerance);
}

}  // namespace
}  // namespace blobmount
