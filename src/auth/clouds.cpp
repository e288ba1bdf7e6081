#include "auth/clouds.hpp"

#include <algorithm>
#include <array>

namespace blobmount {
namespace {

struct NamedCloud {
  std::string_view name;
  Cloud cloud;
};

Cloud cloud_with(const char* suffix, const char* authority, const char* exchange_audience) {
  return {.endpoint_suffix = suffix,
          .authority = {.scheme = "https", .host = authority},
          .exchange_audience = exchange_audience};
}

/// Storage's tokens have one audience in all of them.
const std::array<NamedCloud, 3>& clouds() {
  static const std::array<NamedCloud, 3> known{
      {{"public", Cloud{}},
       {"usgovernment",
        cloud_with("core.usgovcloudapi.net", "login.microsoftonline.us", "api://AzureADTokenExchangeUSGov")},
       {"china",
        cloud_with("core.chinacloudapi.cn", "login.chinacloudapi.cn", "api://AzureADTokenExchangeChina")}}};
  return known;
}

}  // namespace

const Cloud* cloud_named(std::string_view name) {
  const auto found = std::ranges::find(clouds(), name, &NamedCloud::name);
  return found != clouds().end() ? &found->cloud : nullptr;
}

const Cloud* cloud_of_host(std::string_view host) {
  const auto found = std::ranges::find_if(clouds(), [host](const NamedCloud& known) {
    return host.ends_with("." + known.cloud.endpoint_suffix);
  });
  return found != clouds().end() ? &found->cloud : nullptr;
}

}  // namespace blobmount
