#pragma once

/// The clouds that Microsoft runs, as far as they differ for storage.
/// https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
/// https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations (exchange
/// audiences)

#include <string_view>

#include "blobmount/config.hpp"

namespace blobmount {

/// "public", "usgovernment" or "china"; null: there is no such cloud. Lives for ever.
const Cloud* cloud_named(std::string_view name);

/// The one whose endpoints have such hosts; null: none of them. Lives for ever.
const Cloud* cloud_of_host(std::string_view host);

}  // namespace blobmount
