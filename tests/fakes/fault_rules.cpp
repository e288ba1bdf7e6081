#include "fakes/fault_rules.hpp"

#include <utility>

namespace blobmount::tests {
namespace {

bool matches(const FaultRule& rule, RequestKind request, std::string_view name) {
  return rule.request.value_or(request) == request && name.find(rule.name) != std::string_view::npos;
}

/// Whether the request that is number `seen` of the matching ones is to be hit.
bool is_due(const FaultRule& rule, std::uint64_t seen) {
  if (rule.every == 0) return seen == rule.first;
  return seen >= rule.first && (seen - rule.first) % rule.every == 0;
}

}  // namespace

void FaultRules::add(const FaultRule& rule) {
  const MutexLock lock(mutex_);
  rules_.push_back({.rule = rule});
}

void FaultRules::add_always(const Fault& fault, std::optional<RequestKind> request, std::string name) {
  add({.fault = fault, .request = request, .name = std::move(name), .first = 1, .every = 1});
}

void FaultRules::clear() {
  const MutexLock lock(mutex_);
  rules_.clear();
}

std::optional<Fault> FaultRules::next(RequestKind request, std::string_view name) {
  const MutexLock lock(mutex_);
  std::optional<Fault> fault;
  for (auto& [rule, seen, hit] : rules_) {
    if (!matches(rule, request, name) || !is_due(rule, ++seen)) continue;
    if (fault || (rule.times > 0 && hit == rule.times)) continue;
    fault = rule.fault;
    ++hit;
    ++hits_;
  }
  return fault;
}

std::uint64_t FaultRules::hits() const {
  const MutexLock lock(mutex_);
  return hits_;
}

}  // namespace blobmount::tests
