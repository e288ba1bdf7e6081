#include "base/metric_registry.hpp"

#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Counters, ThatManyThreadsAddToLoseNothing) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 10000; ++n) counter.add(2);
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(counter.value(), 80000U);
}

TEST(Histograms, CountABoundWithTheBucketThatItEnds) {
  Histogram histogram;
  histogram.observe(0ns);
  histogram.observe(10us);
  histogram.observe(10us + 1ns);
  histogram.observe(2min);

  const auto times = histogram.snapshot();
  EXPECT_EQ(times.counts.front(), 2U);
  EXPECT_EQ(times.counts[1], 1U);
  EXPECT_EQ(times.counts.back(), 1U);
  EXPECT_EQ(times.count(), 4U);
  EXPECT_EQ(times.sum, 2min + 20us + 1ns);
}

TEST(Histograms, HaveBoundsThatGrow) {
  for (std::size_t i = 1; i < Histogram::bounds.size(); ++i)
    EXPECT_LT(Histogram::bounds[i - 1], Histogram::bounds[i]);
}

TEST(MetricText, IsThatOfPrometheus) {
  MetricRegistry registry;
  registry.counter("a_total", "How often.", [](auto& samples) {
    samples.add(3, {{"operation", "read"}, {"status", "200"}});
    samples.add(0.25);
  });
  registry.gauge("b_bytes", "How much.", [](auto& samples) { samples.add(1e15); });

  EXPECT_EQ(registry.text(),
            "# HELP a_total How often.\n"
            "# TYPE a_total counter\n"
            "a_total{operation=\"read\",status=\"200\"} 3\n"
            "a_total 0.25\n"
            "# HELP b_bytes How much.\n"
            "# TYPE b_bytes gauge\n"
            "b_bytes 1e+15\n");
}

TEST(MetricText, EscapesLabelsAndHelp) {
  MetricRegistry registry;
  registry.gauge("a", "one \\ \"two\"\nthree", [](auto& samples) {
    samples.add(1, {{"path", "C:\\ \"x\"\ny"}});
  });

  EXPECT_THAT(registry.text(), HasSubstr("# HELP a one \\\\ \"two\"\\nthree\n"));
  EXPECT_THAT(registry.text(), HasSubstr("a{path=\"C:\\\\ \\\"x\\\"\\ny\"} 1\n"));
}

TEST(MetricText, IsUtf8WhateverTheNames) {
  MetricRegistry registry;
  registry.gauge("a", "One.", [](auto& samples) { samples.add(1.0, {{"path", "/\xff\xc3\xa9"}}); });

  EXPECT_THAT(registry.text(), HasSubstr("a{path=\"/\xef\xbf\xbd\xc3\xa9\"} 1\n"));
}

TEST(MetricText, WritesWhatIsNoNumberAsPrometheusDoes) {
  MetricRegistry registry;
  registry.gauge("a", "x", [](auto& samples) {
    samples.add(std::numeric_limits<double>::quiet_NaN());
    samples.add(std::numeric_limits<double>::infinity());
    samples.add(-std::numeric_limits<double>::infinity());
  });

  EXPECT_THAT(registry.text(), HasSubstr("a NaN\na +Inf\na -Inf\n"));
}

TEST(MetricText, OfAHistogramAddsUpItsBuckets) {
  Histogram histogram;
  histogram.observe(20us);
  histogram.observe(3ms);
  histogram.observe(90s);
  MetricRegistry registry;
  registry.histogram("t_seconds", "How long.", [&](auto& samples) {
    samples.add(histogram.snapshot(), {{"operation", "read"}});
  });
  const auto text = registry.text();

  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{operation=\"read\",le=\"1e-05\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{operation=\"read\",le=\"2.5e-05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{operation=\"read\",le=\"60\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{operation=\"read\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_count{operation=\"read\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_sum{operation=\"read\"} 90.00302\n"));
}

TEST(MetricText, LeavesOutWhatHasNoValuesYet) {
  MetricRegistry registry;
  registry.gauge("a", "x", [](auto&) {});

  EXPECT_EQ(registry.text(), "");
}

TEST(MetricRegistries, RefuseWhatPrometheusWouldNotTake) {
  MetricRegistry registry;
  const auto none = [](MetricSamples&) {};
  registry.gauge("taken", "x", none);

  EXPECT_THROW(registry.gauge("taken", "x", none), std::logic_error);
  EXPECT_THROW(registry.counter("without_suffix", "x", none), std::logic_error);
  EXPECT_THROW(registry.gauge("a_total", "x", none), std::logic_error);
  EXPECT_THROW(registry.gauge("a-b", "x", none), std::logic_error);
  EXPECT_THROW(registry.gauge("1a", "x", none), std::logic_error);
  EXPECT_THROW(registry.gauge("", "x", none), std::logic_error);
  EXPECT_THROW(registry.gauge("a", "", none), std::logic_error);
}

}  // namespace
}  // namespace blobmount
