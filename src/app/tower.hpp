#pragma once

/// Everything put together, bottom first.

#include <algorithm>
#include <memory>
#include <thread>

#include "blobmount/config.hpp"

#include "app/default_memory.hpp"
#include "app/signer.hpp"
#include "base/log.hpp"
#include "base/memory_budget.hpp"
#include "base/system_clock.hpp"
#include "base/worker_pool.hpp"
#include "blob/azure_blob_store.hpp"
#include "cache/disk_claim.hpp"
#include "cache/disk_tier.hpp"
#include "cache/memory_files.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "http/counted_transport.hpp"
#include "http/curl_transport.hpp"
#include "http/observed_transport.hpp"
#include "http/paced_transport.hpp"
#include "http/rate_limit.hpp"
#include "http/retrying_transport.hpp"
#include "tree/mounted_tree.hpp"

namespace blobmount {

/// What the identity endpoint and the service are reached through.
struct Network {
  Network(const Config& config, Log& log)
      : bytes(config.network.bytes_per_second),
        curl(static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U)), config.ca_file,
             {.bytes = &bytes, .connections = config.network.connections}),
        observed(counted, clock, log) {}
  /// What is under way ends while those that count and tell of it are there.
  ~Network() { curl.stop(); }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  SystemClock clock;
  RateLimit bytes;  ///< NetworkConfig::bytes_per_second; can be set anew at any time
  CurlTransport curl;
  CountedTransport counted{curl, clock};
  ObservedTransport observed;
};

/// From signed requests up to the mounted view.
struct Tower {
  /// Everything given outlives it. Fails where the cache directory cannot be used.
  static Result<std::unique_ptr<Tower>> build(const Config& config, Network& network, Signer& signer,
                                              Log& log) {
    std::unique_ptr<Tower> tower(new Tower(config, network, signer, log));
    if (!tower->disk) return std::move(tower->disk).error();
    return tower;
  }
  ~Tower() { stop(); }
  Tower(const Tower&) = delete;
  Tower& operator=(const Tower&) = delete;

  /// Answer all that is under way with `cancelled`, and end the threads. The order matters: the network
  /// first, so that nobody waits for it; then those whom its answers go to.
  void stop() {
    network.curl.stop();
    if (disk && *disk) (*disk)->stop();
    if (memory_files) memory_files->stop();
    operations.stop();
  }

  Network& network;
  RateLimit requests;  ///< NetworkConfig::requests_per_second; can be set anew at any time
  PacedTransport paced;
  RetryingTransport retrying;
  WorkerPool operations{"operations", 2};
  AzureBlobStore service;
  RemoteSource remote{service};
  MemoryBudget budget;
  Result<std::unique_ptr<DiskTier>> disk;  ///< null: nothing is kept on disk
  MemoryTier memory;
  std::unique_ptr<MemoryFiles> memory_files;  ///< null: the disk tier's files take their place
  MountedTree tree;

 private:
  Tower(const Config& config, Network& below, Signer& signer, Log& log)
      : network(below),
        requests(config.network.requests_per_second),
        paced(*signer.transport, network.clock, network.curl, requests),
        retrying(paced, network.clock, network.curl, RetryPolicy{.budget = config.network.retry_timeout}),
        service(retrying, config.source.endpoint, operations, network.clock, log,
                config.network.stall_timeout),
        budget(config.cache.memory != 0 ? config.cache.memory : default_memory()),
        disk(open_disk(config.cache, config.source.endpoint, log)),
        memory(disk && *disk ? static_cast<ByteSource&>(**disk) : remote, budget),
        memory_files(disk && *disk ? nullptr : std::make_unique<MemoryFiles>(memory, log)),
        tree(service, memory, network.clock, log, config.tree, config.source, local_files()) {}

  [[nodiscard]] LocalFiles* local_files() const {
    if (memory_files) return memory_files.get();
    return disk->get();
  }

  Result<std::unique_ptr<DiskTier>> open_disk(const CacheConfig& cache, const Url& account, Log& log) {
    if (cache.directory.empty()) return nullptr;
    BM_ASSIGN(directory, claim_directory(cache.directory));
    // pages that wait for the disk are held in memory: many, for a stream to outrun the disk by far before
    // any is dropped; half of the quarter that pages always have, for reads never wait for the disk to let go
    // of them
    const DiskLimits limits{.size = cache.directory_size,
                            .free_space = cache.directory_free_space,
                            .waiting = budget.total() / 8};
    return DiskTier::open(remote, std::move(directory), account.to_string(), limits, budget, network.clock,
                          log);
  }
};

}  // namespace blobmount
