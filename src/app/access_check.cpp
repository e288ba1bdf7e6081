#include "app/access_check.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <variant>

#include "auth/renewal_plan.hpp"

namespace blobmount {
namespace {

/// For `az`, which has 10 s; and over before it is run a second time, which would be waited for.
constexpr auto patience_with_identity = std::chrono::seconds{11};
/// For what passes, since a machine that boots meanwhile must get its mounts: IMDS answers 410 for up to 70 s
/// while it is updated, up to 12 s go by before it is asked again, and its answer takes a moment. With what
/// comes after it, that is less than the 90 s that systemd gives a unit that says nothing of it.
/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance
constexpr auto patience_with_outage = std::chrono::seconds{84};
constexpr auto patience = std::chrono::seconds{14};
/// For the service, whatever the identity took.
constexpr auto least_patience = std::chrono::seconds{3};

/// A name that cannot be resolved is an answer here; a service that is busy for a moment is not.
constexpr RetryPolicy impatient{
    .longest_pause = std::chrono::seconds{1}, .budget = std::chrono::seconds{4}, .retry_unreachable = false};

using Answer = std::promise<Status>;

template <typename Page>
Completion<Page> report_to(const std::shared_ptr<Answer>& answer) {
  return
      [answer](Result<Page> page) { answer->set_value(page ? Status() : Status(std::move(page).error())); };
}

void probe(BlobStore& service, const MountSource& source, const std::shared_ptr<Answer>& answer) {
  if (source.container.empty()) {
    service.list_containers({.max_results = 1}, report_to<ContainerPage>(answer));
  } else {
    service.list_blobs({.container = source.container, .prefix = source.prefix, .max_results = 1},
                       report_to<BlobPage>(answer));
  }
}

/// A network that is not up yet looks like a machine without such an identity. Whoever names one knows
/// better.
TokenKeeper::Absence absence_of(const Credential& credential) {
  const bool named = std::holds_alternative<ManagedIdentity>(credential) ||
                     std::holds_alternative<FederatedIdentity>(credential);
  return named ? TokenKeeper::Absence::passes : TokenKeeper::Absence::lasts;
}

bool is_worth_waiting(ErrorCode code) { return passes(code) && code != ErrorCode::timed_out; }

}  // namespace

Status wait_for_token(TokenKeeper& keeper, const Credential& credential) {
  const auto absence = absence_of(credential);
  auto first = keeper.wait_for_first(patience_with_identity, absence);
  if (first || !is_worth_waiting(first.error().code)) return first;
  return keeper.wait_for_first(patience_with_outage - patience_with_identity, absence);
}

Status check_access(const Config& config, Network& network, Signer& signer, Log& log) {
  const auto began = network.clock.now();
  if (signer.keeper) BM_TRY(wait_for_token(*signer.keeper, config.credential));
  const auto deadline = std::max(began + patience, network.clock.now() + least_patience);

  RetryingTransport retrying(*signer.transport, network.clock, network.curl, impatient);
  WorkerPool decoder("check", 1);
  AzureBlobStore service(retrying, config.source.endpoint, decoder, network.clock, log);
  const auto answer = std::make_shared<Answer>();
  auto outcome = answer->get_future();
  probe(service, config.source, answer);

  const bool in_time = outcome.wait_until(deadline) == std::future_status::ready;
  if (in_time) return outcome.get();
  network.curl.stop();  // nothing may be left that refers to this function
  outcome.wait();
  return Error{ErrorCode::timed_out, "no answer from " + config.source.endpoint.host + " in time"};
}

}  // namespace blobmount
