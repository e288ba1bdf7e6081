#pragma once

/// The commands that look at a mount and change nothing: metrics, status and activity.

#include "app/control_server.hpp"
#include "app/live_mount.hpp"
#include "base/metric_registry.hpp"

namespace blobmount {

/// `metrics`, and what `mount` refers to, outlive the ControlServer.
ControlServer::Handlers commands_about(const LiveMount& mount, const MetricRegistry& metrics);

}  // namespace blobmount
