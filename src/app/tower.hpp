#pragma once

/// Everything put together, bottom first.

#include <algorithm>
#include <thread>

#include "blobmount/config.hpp"

#include "app/signer.hpp"
#include "base/log.hpp"
#include "base/system_clock.hpp"
#include "base/worker_pool.hpp"
#include "blob/azure_blob_store.hpp"
#include "http/curl_transport.hpp"
#include "http/observed_transport.hpp"
#include "http/retrying_transport.hpp"
#include "tree/mounted_tree.hpp"

namespace blobmount {

/// What the identity endpoint and the service are reached through.
struct Network {
  Network(const Config& config, Log& log)
      : curl(static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U)), config.ca_file),
        observed(curl, clock, log) {}

  SystemClock clock;
  CurlTransport curl;
  ObservedTransport observed;
};

/// From signed requests up to the mounted view. Everything given outlives it.
struct Tower {
  Tower(const Config& config, Network& below, Signer& signer, Log& log)
      : network(below),
        retrying(*signer.transport, network.clock, network.curl, RetryPolicy{}),
        service(retrying, config.source.endpoint, operations, network.clock, log),
        tree(service, network.clock, log, config.tree, config.source) {}
  ~Tower() { stop(); }
  Tower(const Tower&) = delete;
  Tower& operator=(const Tower&) = delete;

  /// Answer all that is under way with `cancelled`, and end the threads. The order matters: the network
  /// first, so that nobody waits for it; then those whom its answers go to.
  void stop() {
    network.curl.stop();
    operations.stop();
  }

  Network& network;
  RetryingTransport retrying;
  WorkerPool operations{"operations", 2};
  AzureBlobStore service;
  MountedTree tree;
};

}  // namespace blobmount
