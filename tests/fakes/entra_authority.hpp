#pragma once

/// Microsoft Entra as far as it gives tokens to applications, as strict as the real one, in words and numbers
/// too. Its tokens are those that Azurite accepts.
/// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/entra_error.hpp"
#include "fakes/http_server.hpp"

namespace blobmount::tests {

/// Whose tokens an application trusts, and which.
struct FederatedCredential {
  std::string issuer{}, subject{};
  std::string audience = "api://AzureADTokenExchange";
};

struct FakeApplication {
  std::string client_id = "bbbbbbbb-0000-0000-0000-000000000001";
  std::string secret{};  ///< empty: it has none
  bool secret_expired = false;
  std::string certificate{};  ///< PEM; empty: it has none
  std::optional<FederatedCredential> trusts{};
};

/// Knows one tenant. Safe to use from any thread.
class EntraAuthority {
 public:
  /// Listens when this returns.
  explicit EntraAuthority(std::string tenant = "11111111-2222-3333-4444-555555555555");

  /// http://127.0.0.1:PORT/: what AZURE_AUTHORITY_HOST is set to.
  [[nodiscard]] Url url() const { return server_.url(); }
  [[nodiscard]] const std::string& tenant() const { return tenant_; }

  /// Over the one of that client id.
  void add(const FakeApplication& application) BM_EXCLUDES(mutex_);
  /// How long tokens live from now on.
  void set_lifetime(std::chrono::seconds lifetime) BM_EXCLUDES(mutex_);

  /// Requests since the start, whatever came of them; the tokens given out; the assertions that were taken.
  [[nodiscard]] std::uint64_t requests() const BM_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::string> issued() const BM_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::string> assertions() const BM_EXCLUDES(mutex_);

 private:
  struct Form;

  void answer(const ServedRequest& request, Reply& reply) BM_EXCLUDES(mutex_);
  std::optional<EntraError> complaint_about(const ServedRequest& request, const Form& form)
      BM_REQUIRES(mutex_);
  std::optional<EntraError> complaint_about_proof(const FakeApplication& application, const Form& form)
      BM_REQUIRES(mutex_);
  std::string issue(const Form& form) BM_REQUIRES(mutex_);

  const std::string tenant_;

  mutable Mutex mutex_;
  std::vector<FakeApplication> applications_ BM_GUARDED_BY(mutex_);
  std::chrono::seconds lifetime_ BM_GUARDED_BY(mutex_){3599};
  std::uint64_t requests_ BM_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> issued_ BM_GUARDED_BY(mutex_);
  std::vector<std::string> assertions_ BM_GUARDED_BY(mutex_);

  HttpServer server_;
};

}  // namespace blobmount::tests
