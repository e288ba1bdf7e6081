#include "fakes/blob_service_orders.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "fakes/blob_service.hpp"

namespace blobmount::tests {
namespace {

using nlohmann::json;

template <typename Kind>
Kind kind_named(const std::string& name, std::span<const std::string_view> names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw std::invalid_argument("no such kind: " + name);
  return static_cast<Kind>(found - names.begin());
}

FaultRule rule_of(const json& order) {
  const Fault fault{.kind = kind_named<FaultKind>(order.at("fault"), fault_kind_names),
                    .status = order.value("status", 500),
                    .code = order.value("code", "InternalError"),
                    .retry_after = std::chrono::seconds{order.value("retry_after", 0)},
                    .bytes = order.value("bytes", std::int64_t{0}),
                    .rate = order.value("rate", 1.0),
                    .time = std::chrono::milliseconds{order.value("time_ms", 0)}};
  FaultRule rule{.fault = fault,
                 .name = order.value("name", ""),
                 .first = order.value("first", std::uint64_t{1}),
                 .every = order.value("every", std::uint64_t{0}),
                 .times = order.value("times", std::uint64_t{0})};
  if (order.contains("request"))
    rule.request = kind_named<RequestKind>(order.at("request"), request_kind_names);
  return rule;
}

void add_faults(const json& order, FaultRules& faults) {
  if (!order.is_array()) return faults.add(rule_of(order));
  for (const auto& one : order) faults.add(rule_of(one));
}

Latency latency_of(const json& order, const char* mean, const char* jitter) {
  const auto time = [&order](const char* name) {
    return std::chrono::microseconds{static_cast<std::int64_t>(order.value(name, 0.0) * 1000)};
  };
  return {.mean = time(mean), .jitter = time(jitter)};
}

NetworkModel network_of(const json& order) {
  NetworkModel network{.first_byte = latency_of(order, "first_byte_ms", "jitter_ms"),
                       .bytes_per_second = order.value("mib_per_second", 0.0) * 1024 * 1024};
  if (order.contains("list_ms")) network.list = latency_of(order, "list_ms", "list_jitter_ms");
  return network;
}

void set_access(const json& order, ServiceAccess& access) {
  if (order.contains("required")) access.require_authorization(order["required"]);
  if (order.contains("role_assigned")) access.set_role_assigned(order["role_assigned"]);
  if (order.contains("firewall")) access.set_firewall(order["firewall"]);
  if (order.contains("refuse_token")) access.refuse_token(order["refuse_token"]);
}

void put_blob(const json& order, BlobCatalog& blobs) {
  const std::string container = order.at("container"), name = order.at("name");
  if (order.contains("text")) {
    blobs.put(container, name, order["text"]);
  } else {
    const auto seed = order.contains("seed") ? std::optional<std::uint64_t>(order["seed"]) : std::nullopt;
    blobs.put_synthetic(container, name, order.at("size"), seed);
  }
}

json stats_of(BlobService& service) {
  const auto counts = service.stats().counts();
  json requests;
  for (std::size_t i = 0; i < request_kind_names.size(); ++i) {
    requests[std::string(request_kind_names[i])] = counts.requests[i];
  }
  return {{"requests", requests},
          {"body_bytes", counts.body_bytes},
          {"most_gets_at_once", counts.most_gets_at_once},
          {"connections", service.connections()},
          {"tls_handshakes", service.tls() != nullptr ? service.tls()->handshakes() : 0},
          {"tls_resumed", service.tls() != nullptr ? service.tls()->resumed() : 0},
          {"faults", service.faults().hits()}};
}

/// Throws where the order cannot be understood.
json result_of(const ServedRequest& request, BlobService& service) {
  const auto what = request.method + " " + request.path;
  const auto order = request.body.empty() ? json::object() : json::parse(request.body);
  if (what == "GET /fake/stats") return stats_of(service);
  if (what == "POST /fake/reset-stats") {
    service.stats().reset();
  } else if (what == "POST /fake/faults") {
    add_faults(order, service.faults());
  } else if (what == "DELETE /fake/faults") {
    service.faults().clear();
  } else if (what == "POST /fake/network") {
    service.set_network(network_of(order));
  } else if (what == "POST /fake/access") {
    set_access(order, service.access());
  } else if (what == "POST /fake/blobs") {
    put_blob(order, service.blobs());
  } else if (what == "DELETE /fake/blobs") {
    service.blobs().remove(order.at("container"), order.at("name"));
  } else {
    throw std::invalid_argument("no such order: " + what);
  }
  return json::object();
}

}  // namespace

bool is_order(const ServedRequest& request) { return request.path.starts_with("/fake/"); }

void carry_out_order(const ServedRequest& request, BlobService& service, Reply& reply) {
  const HttpHeaders headers{{"Content-Type", "application/json"}};
  try {
    reply.send(200, headers, result_of(request, service).dump() + "\n");
  } catch (const std::exception& misunderstanding) {
    reply.send(400, headers, json{{"error", misunderstanding.what()}}.dump() + "\n");
  }
}

}  // namespace blobmount::tests
