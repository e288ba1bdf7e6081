#include "app/access_check.hpp"

#include <future>
#include <memory>

namespace blobmount {
namespace {

constexpr auto patience_with_identity = std::chrono::seconds{8};
constexpr auto patience = std::chrono::seconds{14};

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

}  // namespace

Status check_access(const Config& config, Network& network, Signer& signer, Log& log) {
  const auto deadline = network.clock.now() + patience;
  if (signer.keeper) BM_TRY(signer.keeper->wait_for_first(patience_with_identity));

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
  return Error{ErrorCode::timed_out, "no answer from " + config.source.endpoint.host + " within 14 s"};
}

}  // namespace blobmount
