#pragma once

/// What the contract needs of a store, and what its tests share.

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blobmount/blob_store.hpp"

#include "support/blocking_store.hpp"

namespace blobmount::tests {

/// A store, and the means to fill it.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual BlobStore& store() = 0;
  virtual void put_container(const std::string& name) = 0;
  virtual void delete_container(const std::string& name) = 0;
  virtual void put(const std::string& container, const std::string& blob, const std::string& text) = 0;
  virtual void put_with_metadata(const std::string& container, const std::string& blob,
                                 const std::map<std::string, std::string>& metadata) = 0;
  virtual void put_directory_marker(const std::string& container, const std::string& blob) = 0;
  virtual void put_archived(const std::string& container, const std::string& blob,
                            const std::string& text) = 0;
  virtual void remove(const std::string& container, const std::string& blob) = 0;
};

using MakeStore = std::unique_ptr<StoreUnderTest> (*)();

/// Each test has a container of its own.
class BlobStoreContract : public testing::TestWithParam<MakeStore> {
 protected:
  BlobStoreContract() { under_test_->put_container(container_); }

  void put(const std::string& blob, const std::string& text = "text") {
    under_test_->put(container_, blob, text);
  }

  BlobProperties properties_of(const std::string& blob) {
    const auto properties = store_.get_properties(container_, blob);
    if (!properties) throw std::runtime_error(properties.error().message);
    return *properties;
  }

  BlobVersion version_of(const std::string& blob) {
    const auto properties = properties_of(blob);
    return {.container = container_, .blob = blob, .etag = properties.etag, .size = properties.size};
  }

  /// All pages of a listing, joined.
  BlobPage list_all(ListBlobsQuery query) {
    query.container = container_;
    BlobPage all;
    do {
      auto page = store_.list_blobs(query);
      if (!page) throw std::runtime_error(page.error().message);
      EXPECT_LE(page->blobs.size() + page->prefixes.size(), static_cast<std::size_t>(query.max_results));
      std::move(page->blobs.begin(), page->blobs.end(), std::back_inserter(all.blobs));
      std::move(page->prefixes.begin(), page->prefixes.end(), std::back_inserter(all.prefixes));
      query.marker = page->next_marker;
    } while (!query.marker.empty());
    return all;
  }

  std::vector<std::string> names(const ListBlobsQuery& query) {
    std::vector<std::string> names;
    for (const auto& blob : list_all(query).blobs) names.push_back(blob.name);
    return names;
  }

  static std::string unique_name() {
    static int number = 0;
    return "contract-" + std::to_string(++number);
  }

  std::unique_ptr<StoreUnderTest> under_test_ = GetParam()();
  BlockingStore store_{under_test_->store()};
  const std::string container_ = unique_name();
};

using Names = std::vector<std::string>;

inline std::optional<ErrorCode> code_of(const auto& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

/// The service says 404 of a blob that is gone, and Azurite 412. https://github.com/Azure/Azurite/issues/2751
inline auto no_longer_there() { return testing::AnyOf(ErrorCode::not_found, ErrorCode::changed); }

}  // namespace blobmount::tests
