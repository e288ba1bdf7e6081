#include "fakes/fake_blob_store.hpp"

#include <map>

#include "contract/blob_store_contract.hpp"

namespace blobmount::tests {
namespace {

template <FakeBlobStore::Delivery delivery, int empty_pages>
class Fake final : public StoreUnderTest {
 public:
  Fake() { fake_.put_empty_pages_between(empty_pages); }

  static std::unique_ptr<StoreUnderTest> make() { return std::make_unique<Fake>(); }

  BlobStore& store() override { return fake_; }
  void put_container(const std::string& name) override { fake_.put_container(name); }
  void delete_container(const std::string& name) override { fake_.delete_container(name); }
  void put(const std::string& container, const std::string& blob, const std::string& text) override {
    fake_.put(container, blob, text);
  }
  void put_with_metadata(const std::string& container, const std::string& blob,
                         const std::map<std::string, std::string>& metadata) override {
    fake_.put(container, blob, "", {.metadata = metadata});
  }
  void put_directory_marker(const std::string& container, const std::string& blob) override {
    fake_.put(container, blob, "", {.is_directory_marker = true});
  }
  void put_archived(const std::string& container, const std::string& blob, const std::string& text) override {
    fake_.put(container, blob, text, {.access_tier = "Archive"});
  }
  void remove(const std::string& container, const std::string& blob) override {
    fake_.remove(container, blob);
  }

 private:
  FakeBlobStore fake_{delivery};
};

using Delivery = FakeBlobStore::Delivery;

INSTANTIATE_TEST_SUITE_P(AtOnce, BlobStoreContract, testing::Values(&Fake<Delivery::at_once, 0>::make));
INSTANTIATE_TEST_SUITE_P(OwnThread, BlobStoreContract, testing::Values(&Fake<Delivery::own_thread, 0>::make));

}  // namespace
}  // namespace blobmount::tests
