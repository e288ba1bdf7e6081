#include "app/mount_status.hpp"

#include <chrono>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/process_usage.hpp"
#include "app/request_cost.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

/// What failed longer ago is history, not a state.
constexpr std::chrono::minutes lately{1};

template <typename Time>
auto whole_seconds(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

json token_of(const Signer& signer) {
  if (!signer.keeper) return nullptr;
  const auto life = signer.keeper->life();
  json token{{"valid", life.serves}, {"failure", life.failure}};
  if (life.age) token["age_s"] = whole_seconds(*life.age);
  if (life.left) token["expires_in_s"] = whole_seconds(*life.left);
  if (!life.age && life.failure.empty()) token["failure"] = "there has been no token yet";
  return token;
}

json memory_of(const Tower& tower) {
  auto used = tower.memory.stats().pages * page_size;
  for (std::size_t i = 0; i < memory_purposes; ++i)
    used += tower.budget.charged_for(static_cast<MemoryPurpose>(i));
  return {{"bytes", used}, {"limit", tower.budget.total()}, {"resident", resident_memory()}};
}

json disk_of(const Tower& tower, const CacheConfig& cache) {
  if (!tower.disk || !*tower.disk) return nullptr;
  const auto stats = (*tower.disk)->stats();
  return {{"directory", cache.directory}, {"bytes", stats.bytes},   {"limit", stats.most_bytes},
          {"blobs", stats.versions},      {"bad_pages", stats.bad}, {"dropped_pages", stats.dropped}};
}

json last_error_of(const Adapter& adapter) {
  const auto failure = adapter.requests().last_failure();
  if (failure.sentence.empty()) return nullptr;
  return {{"sentence", failure.sentence},
          {"ago_s", whole_seconds(std::chrono::system_clock::now() - failure.when)}};
}

}  // namespace

std::string describe(const Consistency& consistency) {
  switch (consistency.kind) {
    case Consistency::Kind::close_to_open:
      return "close-to-open";
    case Consistency::Kind::cached:
      return "cached:" + std::to_string(whole_seconds(consistency.age)) + "s";
    case Consistency::Kind::immutable:
      return "immutable";
  }
  return "";
}

std::vector<std::string> complaints(const LiveMount& mount) {
  std::vector<std::string> found;
  if (mount.signer.keeper) {
    const auto life = mount.signer.keeper->life();
    if (!life.serves) {
      found.push_back("there is no valid token" + (life.failure.empty() ? "" : ": " + life.failure));
    } else if (!life.failure.empty()) {
      found.push_back("the token is not renewed, and expires in " +
                      std::to_string(whole_seconds(*life.left)) + " s: " + life.failure);
    }
  }
  const auto failure = mount.adapter.requests().last_failure();
  const auto ago = std::chrono::system_clock::now() - failure.when;
  if (!failure.sentence.empty() && ago < lately)
    found.push_back("failed " + std::to_string(whole_seconds(ago)) + " s ago: " + failure.sentence);
  return found;
}

json status_of(const LiveMount& mount) {
  const auto problems = complaints(mount);
  const auto requests = mount.network.counted.counts().snapshot();
  return {{"source", mount.source},
          {"mount_point", mount.mount_point},
          {"version", BLOBMOUNT_VERSION},
          {"pid", ::getpid()},
          {"uptime_s", whole_seconds(std::chrono::system_clock::now() - mount.began)},
          {"health", problems.empty() ? "ok" : "degraded"},
          {"degraded", problems},
          {"credential", mount.signer.identity()},
          {"token", token_of(mount.signer)},
          {"consistency", describe(mount.config.tree.consistency)},
          {"memory", memory_of(mount.tower)},
          {"disk_cache", disk_of(mount.tower, mount.config.cache)},
          {"open_files", mount.adapter.files_open()},
          {"requests_in_flight", mount.adapter.requests_in_flight()},
          {"last_error", last_error_of(mount.adapter)},
          {"cost_estimate", cost_of(requests, mount.config.metrics.prices)},
          {"currency", mount.config.metrics.prices.currency},
          {"metrics_port", mount.config.metrics.port}};
}

}  // namespace blobmount
