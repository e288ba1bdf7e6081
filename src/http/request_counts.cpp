#include "http/request_counts.hpp"

namespace blobmount {
namespace {

std::string name_of(const Result<HttpResponse>& outcome) {
  if (outcome) return std::to_string(outcome->status);
  return std::string(name_of(outcome.error().code));
}

}  // namespace

void RequestCounts::began(const HttpRequest& request) {
  const MutexLock lock(mutex_);
  auto& counts = by_operation_[request.operation];
  ++counts.in_flight;
  if (request.tries_before > 0) ++counts.retries;
}

void RequestCounts::ended(std::string_view operation, const Result<HttpResponse>& outcome,
                          std::uint64_t received, Histogram::Time took) {
  const auto name = name_of(outcome);
  const MutexLock lock(mutex_);
  auto& counts = by_operation_[operation];
  --counts.in_flight;
  ++counts.outcomes[name];
  counts.received += received;
  counts.total.observe(took);
  if (outcome && outcome->first_byte.count() > 0) counts.first_byte.observe(outcome->first_byte);
}

std::vector<OperationCounts> RequestCounts::snapshot() const {
  std::vector<OperationCounts> all;
  const MutexLock lock(mutex_);
  for (const auto& [operation, counts] : by_operation_) {
    all.push_back({.operation = std::string(operation),
                   .outcomes = counts.outcomes,
                   .retries = counts.retries,
                   .received = counts.received,
                   .in_flight = counts.in_flight,
                   .first_byte = counts.first_byte.snapshot(),
                   .total = counts.total.snapshot()});
  }
  return all;
}

}  // namespace blobmount
