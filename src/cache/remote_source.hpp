#pragma once

/// Pages from the service: joined into ranged reads, told page by page as they arrive.

#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/byte_source.hpp"

#include "base/annotated_mutex.hpp"
#include "cache/fetch_queue.hpp"

namespace blobmount {

class RemoteSource final : public ByteSource {
 public:
  /// `store` outlives it, and has ended all reads before it goes.
  explicit RemoteSource(BlobStore& store, FetchLimits limits = {}) : store_(store), queue_(limits) {}

  void start(std::vector<SharedFetch> fetches) override BM_EXCLUDES(mutex_);
  void reconsider() override { pump(); }

 private:
  class Download;

  void pump() BM_EXCLUDES(mutex_);
  void request(FetchQueue::Group group);
  void finished(const FetchQueue::Group& group) BM_EXCLUDES(mutex_);

  BlobStore& store_;
  Mutex mutex_;
  FetchQueue queue_ BM_GUARDED_BY(mutex_);
  bool pumping_ BM_GUARDED_BY(mutex_) = false;
};

}  // namespace blobmount
