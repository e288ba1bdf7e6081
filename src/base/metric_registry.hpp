#pragma once

/// Which metrics there are, and their values in the text that Prometheus reads.
/// https://prometheus.io/docs/instrumenting/exposition_formats/

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.hpp"

namespace blobmount {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Values of one metric, one for each combination of labels.
class MetricSamples {
 public:
  void add(double value, MetricLabels labels = {}) { values_.push_back({std::move(labels), value}); }
  void add(const Histogram::Snapshot& times, MetricLabels labels = {}) {
    times_.push_back({std::move(labels), times});
  }

 private:
  friend class MetricRegistry;
  struct Value {
    MetricLabels labels;
    double value;
  };
  struct Times {
    MetricLabels labels;
    Histogram::Snapshot times;
  };
  std::vector<Value> values_{};
  std::vector<Times> times_{};
};

/// Metrics are declared before it is read; from then on it can be read from any thread.
class MetricRegistry {
 public:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  /// Gives the values as they are now, on the thread that reads the metrics. What it reads outlives the
  /// registry.
  using Collect = std::function<void(MetricSamples&)>;

  /// `name` and `help` as Prometheus wants them: the unit stands in the name, which for a counter ends with
  /// _total. Throws std::logic_error where the name is none, breaks that, or is taken.
  void declare(Kind kind, std::string name, std::string help, Collect collect);
  void counter(std::string name, std::string help, Collect collect) {
    declare(Kind::counter, std::move(name), std::move(help), std::move(collect));
  }
  void gauge(std::string name, std::string help, Collect collect) {
    declare(Kind::gauge, std::move(name), std::move(help), std::move(collect));
  }
  void histogram(std::string name, std::string help, Collect collect) {
    declare(Kind::histogram, std::move(name), std::move(help), std::move(collect));
  }

  /// In the text format 0.0.4.
  [[nodiscard]] std::string text() const;
  static constexpr auto content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Metric {
    Kind kind;
    std::string name, help;
    Collect collect;
  };
  std::vector<Metric> metrics_;
};

}  // namespace blobmount
