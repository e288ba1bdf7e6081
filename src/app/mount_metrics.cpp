#include "app/mount_metrics.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>

#include <string.h>

#include "app/process_usage.hpp"
#include "app/request_cost.hpp"

namespace blobmount {
namespace {

template <typename Number>
double number(Number value) {
  return static_cast<double>(value);
}

template <typename Time>
double seconds(Time time) {
  return std::chrono::duration<double>(time).count();
}

std::optional<double> seconds(const TokenKeeper::Life::Time& time) {
  return time ? std::optional(seconds(*time)) : std::nullopt;
}

void declare_identity(MetricRegistry& registry, const LiveMount& mount) {
  registry.gauge("blobmount_build_info", "Always 1; the version of blobmount that serves the mount.",
                 [](auto& samples) {
                   samples.add(1, {{"version", BLOBMOUNT_VERSION}});
                 });
  registry.gauge("blobmount_mount_info", "Always 1; what is mounted where.", [mount](auto& samples) {
    samples.add(1, {{"source", mount.source}, {"mount_point", mount.mount_point}});
  });
  registry.gauge("blobmount_start_time_seconds", "When the mount began, in seconds since 1970.",
                 [mount](auto& samples) { samples.add(seconds(mount.began.time_since_epoch())); });
  registry.counter("blobmount_process_cpu_seconds_total", "CPU time of the daemon, user and system.",
                   [](auto& samples) { samples.add(seconds(cpu_time_used())); });
  registry.gauge("blobmount_process_resident_memory_bytes", "Memory of the daemon as the system counts it.",
                 [](auto& samples) { samples.add(number(resident_memory())); });
}

void declare_requests(MetricRegistry& registry, const RequestCounts& requests) {
  registry.counter(
      "blobmount_service_requests_total",
      "Requests to the service and to identity endpoints, each try counted, by what became of them: the HTTP "
      "status, or the kind of failure where no answer came.",
      [&requests](auto& samples) {
        for (const auto& counts : requests.snapshot()) {
          for (const auto& [outcome, count] : counts.outcomes)
            samples.add(number(count), {{"operation", counts.operation}, {"status", outcome}});
        }
      });
  const auto declare = [&](MetricRegistry::Kind kind, const char* name, const char* help, auto member) {
    registry.declare(kind, name, help, [&requests, member](MetricSamples& samples) {
      for (const auto& counts : requests.snapshot()) {
        if constexpr (std::is_same_v<std::decay_t<decltype(counts.*member)>, Histogram::Snapshot>) {
          samples.add(counts.*member, {{"operation", counts.operation}});
        } else {
          samples.add(number(counts.*member), {{"operation", counts.operation}});
        }
      }
    });
  };
  using Kind = MetricRegistry::Kind;
  declare(Kind::counter, "blobmount_service_retries_total",
          "Of these requests, those that repeat one that failed.", &OperationCounts::retries);
  declare(Kind::counter, "blobmount_service_received_bytes_total", "Bytes of the bodies that came.",
          &OperationCounts::received);
  declare(Kind::gauge, "blobmount_service_requests_in_flight", "Requests that wait for their end.",
          &OperationCounts::in_flight);
  declare(Kind::histogram, "blobmount_service_first_byte_seconds",
          "From the start of a try to the first byte of its answer, connecting included.",
          &OperationCounts::first_byte);
  declare(Kind::histogram, "blobmount_service_request_seconds",
          "From the start of a try to its end, however it ended.", &OperationCounts::total);
}

void declare_cost(MetricRegistry& registry, const LiveMount& mount) {
  registry.counter("blobmount_request_cost_estimate_total",
                   "What the answered requests cost by the configured prices; an estimate, without what "
                   "the bytes cost.",
                   [mount](auto& samples) {
                     const auto& prices = mount.config.metrics.prices;
                     samples.add(cost_of(mount.network.counted.counts().snapshot(), prices),
                                 {{"currency", prices.currency}});
                   });
}

void declare_token(MetricRegistry& registry, const Signer& signer) {
  if (!signer.keeper) return;
  const auto declare = [&](const char* name, const char* help, auto value) {
    registry.gauge(name, help, [&keeper = *signer.keeper, value](auto& samples) {
      if (const std::optional<double> sample = value(keeper.life())) samples.add(*sample);
    });
  };
  using Life = TokenKeeper::Life;
  declare("blobmount_token_age_seconds", "Since the current token was issued.",
          [](const Life& life) { return seconds(life.age); });
  declare("blobmount_token_expires_in_seconds", "Until the current token expires; negative: since it did.",
          [](const Life& life) { return seconds(life.left); });
  declare("blobmount_token_valid", "1 while there is a token that the service takes, else 0.",
          [](const Life& life) { return std::optional(life.serves ? 1.0 : 0.0); });
  declare("blobmount_token_renewal_failing", "1 while the last attempt to have a token has failed, else 0.",
          [](const Life& life) { return std::optional(life.failure.empty() ? 0.0 : 1.0); });
}

void declare_kernel_requests(MetricRegistry& registry, const Adapter& adapter) {
  registry.histogram(
      "blobmount_fuse_request_seconds",
      "From a request of the kernel until its answer is ready to be written.", [&adapter](auto& samples) {
        for (std::size_t i = 0; i < all_operations; ++i) {
          const auto operation = static_cast<Operation>(i);
          samples.add(adapter.requests().times(operation), {{"operation", std::string(name_of(operation))}});
        }
      });
  registry.counter(
      "blobmount_fuse_errors_total",
      "Requests of the kernel that were refused. That a name is absent is an answer, and no error.",
      [&adapter](auto& samples) {
        for (std::size_t i = 0; i < all_operations; ++i) {
          const auto operation = static_cast<Operation>(i);
          for (std::size_t reason = 1; reason < KernelRequests::error_numbers; ++reason) {
            const auto count = adapter.requests().refusals(operation, reason);
            const char* const name = ::strerrorname_np(static_cast<int>(reason));
            if (count > 0)
              samples.add(number(count), {{"operation", std::string(name_of(operation))},
                                          {"errno", name != nullptr ? name : "?"}});
          }
        }
      });
  registry.counter("blobmount_fuse_read_bytes_total",
                   "Bytes of files that the kernel was given; what it reads by itself is not seen.",
                   [&adapter](auto& samples) { samples.add(number(adapter.requests().bytes())); });
  registry.gauge("blobmount_fuse_requests_in_flight", "Requests of the kernel that wait for an answer.",
                 [&adapter](auto& samples) { samples.add(number(adapter.requests_in_flight())); });
  registry.gauge("blobmount_open_files", "Files that are open.",
                 [&adapter](auto& samples) { samples.add(number(adapter.files_open())); });
  registry.gauge("blobmount_open_directories", "Directories that are open.",
                 [&adapter](auto& samples) { samples.add(number(adapter.directories_open())); });
}

const char* name_of(MemoryPurpose purpose) {
  switch (purpose) {
    case MemoryPurpose::listings:
      return "listings";
    case MemoryPurpose::inodes:
      return "inodes";
    case MemoryPurpose::cache_index:
      return "cache_index";
    case MemoryPurpose::local_files:
      return "local_files";
    case MemoryPurpose::rings:
      return "rings";
    case MemoryPurpose::other:
      return "other";
  }
  return "other";
}

void declare_memory(MetricRegistry& registry, const Tower& tower) {
  registry.gauge("blobmount_memory_bytes", "What is taken of the memory that may be used, by purpose.",
                 [&tower](auto& samples) {
                   samples.add(number(tower.memory.stats().pages * page_size), {{"purpose", "pages"}});
                   for (std::size_t i = 0; i < memory_purposes; ++i) {
                     const auto purpose = static_cast<MemoryPurpose>(i);
                     samples.add(number(tower.budget.charged_for(purpose)), {{"purpose", name_of(purpose)}});
                   }
                 });
  registry.gauge("blobmount_memory_limit_bytes", "The memory that may be used (--memory).",
                 [&tower](auto& samples) { samples.add(number(tower.budget.total())); });
  registry.counter(
      "blobmount_memory_reads_total",
      "Reads of files: hits were answered from memory at once, waits had to wait for the disk or "
      "the service.",
      [&tower](auto& samples) {
        const auto stats = tower.memory.stats();
        samples.add(number(stats.hits), {{"result", "hit"}});
        samples.add(number(stats.waits), {{"result", "wait"}});
      });
  registry.counter("blobmount_memory_evictions_total", "Blocks of 1 MiB that were evicted from memory.",
                   [&tower](auto& samples) { samples.add(number(tower.memory.stats().evicted)); });
  registry.counter("blobmount_read_ahead_bytes_total",
                   "Bytes that were fetched ahead: used were read, wasted were evicted before anybody read "
                   "them.",
                   [&tower](auto& samples) {
                     const auto stats = tower.memory.stats();
                     samples.add(number(stats.ahead_used * page_size), {{"result", "used"}});
                     samples.add(number(stats.ahead_wasted * page_size), {{"result", "wasted"}});
                   });
  registry.counter("blobmount_read_ahead_refused_total", "Ranges not fetched ahead for want of memory.",
                   [&tower](auto& samples) { samples.add(number(tower.memory.stats().refused)); });
}

void declare_disk(MetricRegistry& registry, const Tower& tower) {
  if (!tower.disk || !*tower.disk) return;
  const auto& disk = **tower.disk;
  registry.counter("blobmount_disk_cache_pages_total",
                   "Pages of 64 KiB: hits were read from the disk cache, misses were not there, bad ones "
                   "could not be used, dropped ones could not be written.",
                   [&disk](auto& samples) {
                     const auto stats = disk.stats();
                     samples.add(number(stats.hits), {{"result", "hit"}});
                     samples.add(number(stats.misses), {{"result", "miss"}});
                     samples.add(number(stats.bad), {{"result", "bad"}});
                     samples.add(number(stats.dropped), {{"result", "dropped"}});
                   });
  registry.counter("blobmount_disk_cache_evictions_total", "Blobs that were evicted from the disk cache.",
                   [&disk](auto& samples) { samples.add(number(disk.stats().evicted)); });
  registry.gauge("blobmount_disk_cache_bytes", "What the disk cache takes on the disk.",
                 [&disk](auto& samples) { samples.add(number(disk.stats().bytes)); });
  registry.gauge("blobmount_disk_cache_limit_bytes", "What it may take there (--cache-size).",
                 [&disk](auto& samples) { samples.add(number(disk.stats().most_bytes)); });
  registry.gauge("blobmount_disk_cache_blobs", "Blobs that have pages in the disk cache.",
                 [&disk](auto& samples) { samples.add(number(disk.stats().versions)); });
}

}  // namespace

void declare_metrics(MetricRegistry& registry, const LiveMount& mount) {
  declare_identity(registry, mount);
  declare_requests(registry, mount.network.counted.counts());
  declare_cost(registry, mount);
  declare_token(registry, mount.signer);
  declare_kernel_requests(registry, mount.adapter);
  declare_memory(registry, mount.tower);
  declare_disk(registry, mount.tower);
}

}  // namespace blobmount
