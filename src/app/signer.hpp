#pragma once

/// The credential that was configured, ready to sign requests. The one place that knows which kinds there
/// are.

#include <memory>
#include <string>

#include "blobmount/config.hpp"
#include "blobmount/http.hpp"

#include "auth/token_keeper.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Members that a kind of credential does not need are null.
struct Signer {
  std::unique_ptr<TokenSource> source{};
  std::unique_ptr<TokenKeeper> keeper{};       ///< asks `source`
  std::unique_ptr<HttpTransport> transport{};  ///< to the service
  std::string description{};                   ///< where there is no keeper to ask
  std::string endpoint{};  ///< for people: who gives out its tokens, and how that is known; empty: nobody

  /// For people: which credential it is, as far as that is known by now.
  [[nodiscard]] std::string identity() const { return keeper ? keeper->identity() : description; }
};

/// `network` carries the requests to the identity endpoint, and what the signer has signed.
Result<Signer> make_signer(const Config& config, HttpTransport& network, Clock& clock, Log& log);

}  // namespace blobmount
