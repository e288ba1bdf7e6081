#pragma once

/// An application proves itself by a certificate, with which it signs a token of its own.

#include <memory>
#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"

#include "auth/client_proof.hpp"

namespace blobmount {

class CertificateProof final : public ClientProof {
 public:
  /// invalid_argument with a sentence for the user where the file is of no use now. `clock` outlives it.
  static Result<std::unique_ptr<CertificateProof>> create(ClientCertificate credential, Clock& clock);

  /// The file is read for each: so rotation needs no remount, and the key is not kept in memory.
  Result<Proof> prove(const std::string& token_url) override;
  [[nodiscard]] std::string description() const override;

 private:
  CertificateProof(ClientCertificate credential, Clock& clock)
      : credential_(std::move(credential)), clock_(clock) {}

  const ClientCertificate credential_;
  Clock& clock_;
};

}  // namespace blobmount
