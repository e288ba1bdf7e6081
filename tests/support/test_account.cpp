#include "support/test_account.hpp"

namespace blobmount::tests {

MountOptions by_identity(const Url& endpoint, const IdentityEndpoint& identity, const std::string& place) {
  auto url = endpoint;
  if (!place.empty()) url.path += "/" + percent_encode(place, true);
  return {.source = url.to_string(),
          .environment = {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", identity.url().to_string()}}};
}

MountOptions without_identity(const std::string& place) {
  auto options = account_with_hello().mount(place);
  // nobody listens there
  return options.with_variable("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9");
}

AzuriteAccount& account_with_hello() {
  static AzuriteAccount running;
  static const bool filled = [] {
    running.author.create_container("test");
    running.author.put("test", "text.txt", "hello\n");
    return true;
  }();
  (void)filled;
  return running;
}

}  // namespace blobmount::tests
