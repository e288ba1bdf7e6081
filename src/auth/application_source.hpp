#pragma once

/// Tokens of an application (service principal), from Microsoft Entra: the client credentials flow.
/// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow

#include <memory>
#include <optional>
#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"

#include "auth/client_proof.hpp"
#include "auth/token_target.hpp"

namespace blobmount {

class ApplicationSource final : public TokenSource {
 public:
  /// `transport` carries the requests as they are: it must neither repeat nor redirect them. It and `clock`
  /// outlive the source.
  ApplicationSource(HttpTransport& transport, Clock& clock, Application application, const Cloud& cloud,
                    std::unique_ptr<ClientProof> proof);

  /// One POST, after what the proof takes. `invalid_argument`, and nothing is sent, where the authority is
  /// asked over plain http on another machine.
  Result<AccessToken> request_token() override;
  /// Asks for tokens of the challenge's tenant and for its resource from now on, if there are such.
  std::optional<std::string> adapt(const BearerChallenge& challenge) override;
  /// "application CLIENT-ID of tenant TENANT (client secret)"; the tenant that is asked for now.
  [[nodiscard]] std::string description() const override;

 private:
  [[nodiscard]] Url token_url() const;
  [[nodiscard]] HttpRequest token_request(Url url, const Proof& proof) const;

  HttpTransport& transport_;
  Clock& clock_;
  const Url authority_;
  const std::unique_ptr<ClientProof> proof_;
  const std::string client_id_;
  TokenTarget target_;
};

}  // namespace blobmount
