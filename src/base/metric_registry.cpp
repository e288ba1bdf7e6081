#include "base/metric_registry.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "base/utf8.hpp"

namespace blobmount {
namespace {

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto allowed = [&letter](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name.front()) && std::ranges::all_of(name, allowed);
}

std::string_view name_of(MetricRegistry::Kind kind) {
  switch (kind) {
    case MetricRegistry::Kind::counter:
      return "counter";
    case MetricRegistry::Kind::gauge:
      return "gauge";
    case MetricRegistry::Kind::histogram:
      return "histogram";
  }
  return "untyped";
}

/// A help text may hold quotes as they are.
std::string escape(std::string_view text, bool quoted) {
  std::string escaped;
  for (const char c : as_utf8(text)) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == '\\' || (quoted && c == '"')) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// The shortest that is read back as the same.
std::string text_of(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  return {digits.begin(), end};
}

std::string text_of(const MetricLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels)
    text.append(text.empty() ? "{" : ",").append(name).append("=\"").append(escape(value, true)).append("\"");
  return text.empty() ? text : text + "}";
}

void add_line(std::string& text, std::string_view name, const MetricLabels& labels, double value) {
  text.append(name).append(text_of(labels)).append(" ").append(text_of(value)).append("\n");
}

double seconds(Histogram::Time time) { return std::chrono::duration<double>(time).count(); }

void add_times(std::string& text, const std::string& name, const MetricLabels& labels,
               const Histogram::Snapshot& times) {
  std::uint64_t up_to_here = 0;
  for (std::size_t bucket = 0; bucket < times.counts.size(); ++bucket) {
    up_to_here += times.counts[bucket];
    auto bounded = labels;
    const bool last = bucket == Histogram::bounds.size();
    bounded.emplace_back("le", last ? "+Inf" : text_of(seconds(Histogram::bounds[bucket])));
    add_line(text, name + "_bucket", bounded, static_cast<double>(up_to_here));
  }
  add_line(text, name + "_sum", labels, seconds(times.sum));
  add_line(text, name + "_count", labels, static_cast<double>(up_to_here));
}

}  // namespace

void MetricRegistry::declare(Kind kind, std::string name, std::string help, Collect collect) {
  const bool total = std::string_view(name).ends_with("_total");
  const bool taken = std::ranges::count(metrics_, name, &Metric::name) > 0;
  if (!is_name(name) || total != (kind == Kind::counter) || taken || help.empty())
    throw std::logic_error("'" + name + "' cannot be declared as a metric");
  metrics_.push_back({kind, std::move(name), std::move(help), std::move(collect)});
}

std::string MetricRegistry::text() const {
  std::string text;
  for (const auto& metric : metrics_) {
    MetricSamples samples;
    metric.collect(samples);
    if (samples.values_.empty() && samples.times_.empty()) continue;
    text.append("# HELP ").append(metric.name).append(" ").append(escape(metric.help, false)).append("\n");
    text.append("# TYPE ").append(metric.name).append(" ").append(name_of(metric.kind)).append("\n");
    for (const auto& sample : samples.values_) add_line(text, metric.name, sample.labels, sample.value);
    for (const auto& sample : samples.times_) add_times(text, metric.name, sample.labels, sample.times);
  }
  return text;
}

}  // namespace blobmount
