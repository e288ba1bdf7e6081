#pragma once

/// A BlobStore for tests that wait for each answer.

#include <chrono>
#include <functional>
#include <future>
#include <string>

#include "blobmount/blob_store.hpp"

#include "fakes/exactly_once.hpp"

namespace blobmount::tests {

/// Start `call` and wait for what it tells its completion. Fails the test where that does not come within a
/// minute.
template <typename T>
Result<T> outcome_of(const std::function<void(Completion<T>)>& call) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  call(exactly_once<T>([promise](Result<T> outcome) { promise->set_value(std::move(outcome)); }));
  if (future.wait_for(std::chrono::minutes{1}) == std::future_status::ready) return future.get();
  ADD_FAILURE() << "a completion runs exactly once";
  return Error{ErrorCode::internal, "no answer came"};
}

class BlockingStore {
 public:
  explicit BlockingStore(BlobStore& store) : store_(store) {}

  Result<ContainerPage> list_containers(const ListContainersQuery& query) {
    return outcome_of<ContainerPage>([&](auto done) { store_.list_containers(query, std::move(done)); });
  }
  Result<ContainerProperties> get_container(const std::string& container) {
    return outcome_of<ContainerProperties>(
        [&](auto done) { store_.get_container(container, std::move(done)); });
  }
  Result<BlobPage> list_blobs(const ListBlobsQuery& query) {
    return outcome_of<BlobPage>([&](auto done) { store_.list_blobs(query, std::move(done)); });
  }
  Result<BlobProperties> get_properties(const std::string& container, const std::string& blob) {
    return outcome_of<BlobProperties>(
        [&](auto done) { store_.get_properties(container, blob, std::move(done)); });
  }
  Result<std::string> read(const BlobVersion& version, ByteRange range) {
    auto text = std::make_shared<std::string>();
    const auto take = [text](std::span<const std::byte> bytes) {
      text->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return true;
    };
    BM_TRY(outcome_of<void>([&](auto done) { store_.read(version, range, take, std::move(done)); }));
    return *text;
  }

 private:
  BlobStore& store_;
};

}  // namespace blobmount::tests
