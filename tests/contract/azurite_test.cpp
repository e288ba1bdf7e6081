#include "support/azurite.hpp"

#include <map>
#include <set>

#include "auth/shared_key_transport.hpp"
#include "base/system_clock.hpp"
#include "blob/azure_blob_store.hpp"
#include "contract/blob_store_contract.hpp"
#include "fakes/recording_log.hpp"
#include "http/curl_transport.hpp"
#include "http/retrying_transport.hpp"
#include "support/blob_author.hpp"

namespace blobmount::tests {
namespace {

/// One for all tests: it takes a second to start.
Azurite& azurite() {
  static Azurite running;
  return running;
}

class AzuriteStore final : public StoreUnderTest {
 public:
  ~AzuriteStore() override { network_.stop(); }

  static std::unique_ptr<StoreUnderTest> make() { return std::make_unique<AzuriteStore>(); }

  BlobStore& store() override { return store_; }
  void put_container(const std::string& name) override {
    if (made_.insert(name).second) author_.create_container(name);
  }
  void delete_container(const std::string& name) override { author_.delete_container(name); }
  void put(const std::string& container, const std::string& blob, const std::string& text) override {
    author_.put(container, blob, text);
  }
  void put_with_metadata(const std::string& container, const std::string& blob,
                         const std::map<std::string, std::string>& metadata) override {
    author_.put(container, blob, "", metadata);
  }
  void put_directory_marker(const std::string& container, const std::string& blob) override {
    author_.put(container, blob, "", {{"hdi_isfolder", "true"}});
  }
  void put_archived(const std::string& container, const std::string& blob, const std::string& text) override {
    author_.put(container, blob, text);
    author_.set_tier(container, blob, "Archive");
  }
  void remove(const std::string& container, const std::string& blob) override {
    author_.remove(container, blob);
  }

 private:
  SystemClock clock_;
  RecordingLog log_;
  CurlTransport network_{2, azurite().ca_file()};
  SharedKeyTransport signed_{
      network_, clock_, std::string(Azurite::account),
      CurrentKey::create({Secret(std::string(Azurite::account_key))}, clock_, log_).value()};
  RetryingTransport retrying_{signed_, clock_, network_, RetryPolicy{}};
  BlobAuthor author_{azurite()};
  std::set<std::string> made_;
  WorkerPool decoders_{"decode", 2};
  AzureBlobStore store_{retrying_, azurite().endpoint(), decoders_, clock_, log_};
};

INSTANTIATE_TEST_SUITE_P(Azurite, BlobStoreContract, testing::Values(&AzuriteStore::make));

}  // namespace
}  // namespace blobmount::tests
