#pragma once

/// All metrics of a mount, each with its one sentence. docs/metrics.md lists them for operators.

#include "app/live_mount.hpp"
#include "base/metric_registry.hpp"

namespace blobmount {

/// `mount` is copied; what it refers to outlives `registry`.
void declare_metrics(MetricRegistry& registry, const LiveMount& mount);

}  // namespace blobmount
