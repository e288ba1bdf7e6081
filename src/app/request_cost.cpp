#include "app/request_cost.hpp"

#include <charconv>

namespace blobmount {
namespace {

constexpr double requests_in_a_price = 10000;

bool is_billed(const std::string& outcome) {
  int status = 0;
  std::from_chars(outcome.data(), outcome.data() + outcome.size(), status);
  return status >= 200 && status < 500 && status != 429;
}

double price_of(const std::string& operation, const RequestPrices& prices) {
  if (operation == "token") return 0;
  return operation.starts_with("list_") ? prices.list : prices.read;
}

}  // namespace

double cost_of(const std::vector<OperationCounts>& requests, const RequestPrices& prices) {
  double cost = 0;
  for (const auto& counts : requests) {
    double billed = 0;
    for (const auto& [outcome, count] : counts.outcomes)
      billed += is_billed(outcome) ? static_cast<double>(count) : 0;
    cost += billed * price_of(counts.operation, prices) / requests_in_a_price;
  }
  return cost;
}

}  // namespace blobmount
