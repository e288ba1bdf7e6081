#pragma once

/// A BlobStore that says more of some blobs than the fake behind it.

#include <map>
#include <string>
#include <utility>

#include "blobmount/blob_store.hpp"

namespace blobmount::tests {

/// As safe as `store`, once all is described.
class DescribedBlobs final : public BlobStore {
 public:
  explicit DescribedBlobs(BlobStore& store) : store_(store) {}

  void describe(const std::string& blob, BlobDetails details) {
    details_.insert_or_assign(blob, std::move(details));
  }

  void list_containers(const ListContainersQuery& query, Completion<ContainerPage> done) override {
    store_.list_containers(query, std::move(done));
  }
  void get_container(const std::string& container, Completion<ContainerProperties> done) override {
    store_.get_container(container, std::move(done));
  }
  void list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) override {
    store_.list_blobs(query, [this, done = std::move(done)](Result<BlobPage> page) {
      if (page) {
        for (auto& blob : page->blobs) {
          add_to(blob.name, blob.properties);
          blob.properties.details.version_id.clear();  // as the service, unless versions are listed
        }
      }
      done(std::move(page));
    });
  }
  void get_properties(const std::string& container, const std::string& blob,
                      Completion<BlobProperties> done) override {
    store_.get_properties(container, blob,
                          [this, blob, done = std::move(done)](Result<BlobProperties> properties) {
                            if (properties) add_to(blob, *properties);
                            done(std::move(properties));
                          });
  }
  void read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) override {
    store_.read(version, range, std::move(piece), std::move(done));
  }

 private:
  void add_to(const std::string& blob, BlobProperties& properties) const {
    const auto found = details_.find(blob);
    if (found != details_.end()) properties.details = found->second;
  }

  BlobStore& store_;
  std::map<std::string, BlobDetails> details_;
};

}  // namespace blobmount::tests
