#include "app/mount_observation.hpp"

#include <nlohmann/json.hpp>

#include "app/mount_activity.hpp"
#include "app/mount_status.hpp"

namespace blobmount {

using nlohmann::json;

ControlServer::Handlers commands_about(const LiveMount& mount, const MetricRegistry& metrics) {
  return {{"metrics",
           [&metrics](const json&) -> Result<json> {
             return json{{"text", metrics.text()}};
           }},
          {"status",
           [mount](const json&) -> Result<json> {
             return json{{"status", status_of(mount)}};
           }},
          {"activity", [mount](const json&) -> Result<json> {
             return json{{"status", status_of(mount)}, {"activity", activity_of(mount)}};
           }}};
}

}  // namespace blobmount
