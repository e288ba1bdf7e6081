#pragma once

/// A Blob service in memory, that answers when and as a test wants. It passes the contract tests that Azurite
/// passes.

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "blobmount/blob_store.hpp"

#include "base/annotated_mutex.hpp"
#include "base/worker_pool.hpp"
#include "fakes/blob_model.hpp"

namespace blobmount::tests {

/// Safe to use from any thread. An answer is what the service holds at the time of the call, however late it
/// comes.
class FakeBlobStore final : public BlobStore {
 public:
  enum class Delivery {
    at_once,     ///< on the caller's thread, before the call returns
    own_thread,  ///< on a thread of the fake's own, in order
  };
  enum class Call { list_containers, get_container, list_blobs, get_properties, read };

  explicit FakeBlobStore(Delivery delivery = Delivery::own_thread);
  /// Gives what is held back, and waits until all has been told.
  ~FakeBlobStore() override;

  void put_container(const std::string& name);
  void delete_container(const std::string& name);
  /// Makes the container where there is none.
  BlobProperties put(const std::string& container, const std::string& blob, std::string text,
                     const BlobTraits& traits = {});
  BlobProperties put(const std::string& container, const std::string& blob, std::uint64_t size,
                     Content content, const BlobTraits& traits = {});
  void remove(const std::string& container, const std::string& blob);

  /// Pages hold this many entries at most, whatever is asked for.
  void limit_pages(int entries);
  /// Each page with entries comes after so many that have none, and a marker.
  void put_empty_pages_between(int count);
  /// The next `times` calls of that kind end with `error`; reads, before any byte.
  void fail_next(Call call, Error error, int times = 1);

  /// How many calls of that kind have been made.
  [[nodiscard]] int calls(Call call) const;
  [[nodiscard]] int calls() const;

  /// From now on, keep answers back.
  void hold();
  /// How many are held back.
  [[nodiscard]] std::size_t held() const;
  /// Give what is held back, in order, and hold no more.
  void release();
  /// Give the oldest that is held back; there must be one.
  void release_one();
  /// Block until `count` answers are held back.
  void wait_for_held(std::size_t count);

  void list_containers(const ListContainersQuery& query, Completion<ContainerPage> done) override;
  void get_container(const std::string& container, Completion<ContainerProperties> done) override;
  void list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) override;
  void get_properties(const std::string& container, const std::string& blob,
                      Completion<BlobProperties> done) override;
  void read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) override;

 private:
  using Answer = std::function<void()>;

  template <typename T>
  Result<T> outcome_of(Call call, const std::function<Result<T>(const BlobModel&)>& question)
      BM_EXCLUDES(mutex_);
  template <typename T>
  void tell(Completion<T> done, Result<T> outcome);
  void deliver(Answer answer) BM_EXCLUDES(mutex_);
  void give(Answer answer);

  mutable Mutex mutex_;
  std::condition_variable held_more_;
  BlobModel model_ BM_GUARDED_BY(mutex_);
  std::array<int, 5> calls_ BM_GUARDED_BY(mutex_){};
  std::array<std::deque<Error>, 5> failures_ BM_GUARDED_BY(mutex_);
  bool holding_ BM_GUARDED_BY(mutex_) = false;
  std::deque<Answer> held_ BM_GUARDED_BY(mutex_);

  std::unique_ptr<WorkerPool> teller_;  ///< none: at once
};

}  // namespace blobmount::tests
