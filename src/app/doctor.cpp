#include "app/doctor.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>

#include <netdb.h>
#include <sys/socket.h>

#include "app/access_check.hpp"
#include "app/machine_examination.hpp"
#include "app/signer.hpp"
#include "app/tower.hpp"
#include "base/open_log.hpp"
#include "blob/http_date.hpp"

namespace blobmount {
namespace {

using std::chrono::seconds;

constexpr HttpLimits impatient{.connect = seconds{5}, .stall = seconds{5}, .total = seconds{10}};
constexpr auto patience_with_identity = seconds{15};
/// Less is a slow network, or a clock that somebody keeps.
constexpr auto usual_skew = seconds{60};
/// What is signed with the time is refused by the service where the clocks differ by more.
/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#specifying-the-date-header
constexpr auto largest_skew = std::chrono::minutes{15};

/// Whether what we sign holds the time of our clock.
bool signs_the_time(const Credential& credential) {
  return std::holds_alternative<SharedKey>(credential) ||
         std::holds_alternative<ClientCertificate>(credential);
}

template <typename T>
Result<T> wait_for(const std::function<void(Completion<T>)>& ask) {
  std::promise<Result<T>> answer;
  auto outcome = answer.get_future();
  ask([&answer](Result<T> result) { answer.set_value(std::move(result)); });
  return outcome.get();
}

/// Whether curl is told of one: then names are resolved there.
bool has_proxy() {
  constexpr std::array variables{"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"};
  return std::ranges::any_of(variables, [](const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
  });
}

class Examination {
 public:
  Examination(const ConfigReport& given, Log& log)
      : config_(given.config), credential_(given.credential), log_(log), network_(config_, log) {}

  Report run() {
    const bool reached = examine_name() && examine_connection();
    const bool can_sign_in = credential_ ? reached : failed("identity", credential_.error().message);
    const bool allowed = can_sign_in && examine_identity() && examine_access();
    if (allowed) examine_reading();
    if (!reached) skip({"connection", "TLS", "clock", "identity"}, "the service is not reached");
    if (!allowed) skip({"role", "container", "listing", "reading"}, "see above");
    examine_machine(config_, report_);
    return std::move(report_);
  }

 private:
  void ok(const char* subject, std::string text) { report_.add(Finding::ok, subject, std::move(text)); }
  void note(const char* subject, std::string text) { report_.add(Finding::note, subject, std::move(text)); }
  bool failed(const char* subject, std::string text) {
    report_.add(Finding::failed, subject, std::move(text));
    return false;
  }
  /// Those that nothing has been said of yet.
  void skip(std::initializer_list<const char*> subjects, const std::string& why) {
    for (const std::string subject : subjects) {
      const bool said =
          std::ranges::any_of(report_.lines(), [&](const auto& line) { return line.subject == subject; });
      if (!said) report_.add(Finding::skipped, subject, why);
    }
  }

  bool examine_name();
  bool examine_connection();
  void examine_clock(const HttpResponse& response);
  bool examine_identity();
  bool examine_access();
  void examine_reading();
  Result<std::optional<BlobVersion>> find_blob(BlobStore& service);

  const Config& config_;
  const Status& credential_;
  Log& log_;
  Network network_;
  std::optional<Signer> signer_;
  Report report_;
};

/// An IPv6 address stands in brackets in a URL, and nowhere else.
std::string name_to_resolve(const std::string& host) {
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

bool Examination::examine_name() {
  const auto host = name_to_resolve(config_.source.endpoint.host);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int outcome = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  if (outcome != 0) {
    const auto none = "no address of '" + host + "' (" + gai_strerror(outcome) + ")";
    if (!has_proxy()) {
      return failed("name resolution",
                    none + ": check the account's name, and the DNS (of a private endpoint, its zone)");
    }
    note("name resolution", none + " here; the proxy may know one");
    return true;
  }
  std::string addresses;
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(address->ai_addr, address->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) == 0)
      addresses += (addresses.empty() ? "" : ", ") + std::string(text.data());
  }
  ok("name resolution", host + " is " + addresses);
  return true;
}

bool Examination::examine_connection() {
  HttpRequest request{.url = config_.source.endpoint, .limits = impatient};
  request.url.query = {{"comp", "list"}, {"maxresults", "1"}};
  const auto started = network_.clock.now();
  const auto response = send_and_wait(network_.observed, request);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(network_.clock.now() - started);
  if (!response && response.error().code != ErrorCode::untrusted)
    return failed("connection", response.error().message);
  const auto& host = request.url.host;
  ok("connection", host + " answers" + (response ? " after " + std::to_string(took.count()) + " ms" : ""));
  if (!response) return failed("TLS", response.error().message);
  if (request.url.scheme == "https") {
    ok("TLS", "its certificate is trusted");
  } else {
    note("TLS", "none: an emulator on this machine");
  }
  examine_clock(*response);
  return true;
}

void Examination::examine_clock(const HttpResponse& response) {
  const auto date = response.headers.get("Date");
  const auto theirs = date ? parse_http_date(*date) : std::nullopt;
  if (!theirs) return note("clock", "the service does not say what time it is");
  const auto skew = std::chrono::duration_cast<seconds>(network_.clock.wall_now() - *theirs);
  if (std::chrono::abs(skew) <= usual_skew) return ok("clock", "agrees with the service's");
  const auto words = "differs from the service's by " + std::to_string(skew.count()) + " s";
  if (std::chrono::abs(skew) <= largest_skew || !signs_the_time(config_.credential))
    return note("clock", words);
  failed("clock",
         words + ", and it refuses what is signed with such a clock: set it (timedatectl set-ntp true)");
}

bool Examination::examine_identity() {
  auto signer = make_signer(config_, network_.observed, network_.clock, log_);
  if (!signer) return failed("identity", signer.error().message);
  signer_.emplace(*std::move(signer));
  if (signer_->keeper) {
    if (const auto first = signer_->keeper->wait_for_first(patience_with_identity); !first)
      return failed("identity", first.error().message);
  }
  ok("identity", signer_->identity() + " (" + config_.credential_origin + ")");
  for (const auto& warning : config_.warnings) note("identity", warning);
  return true;
}

/// One request shows all three: what it fails with says which of them is to blame.
bool Examination::examine_access() {
  const auto& container = config_.source.container;
  const auto access = check_access(config_, network_, *signer_, log_);
  const auto code = access ? ErrorCode{} : access.error().code;
  if (!access && (code == ErrorCode::permission_denied || code == ErrorCode::unauthenticated))
    return failed("role", access.error().message);
  if (!access && code != ErrorCode::not_found) return failed("listing", access.error().message);
  ok("role", "the service lets us in");
  if (!access) return failed("container", "'" + container + "': " + access.error().message);
  if (!container.empty()) ok("container", "'" + container + "' is there");
  ok("listing", container.empty() ? "of the account's containers" : "of the container's blobs");
  return true;
}

void Examination::examine_reading() {
  RetryingTransport retrying(*signer_->transport, network_.clock, network_.curl,
                             RetryPolicy{.budget = seconds{10}});
  WorkerPool decoder("doctor", 1);
  AzureBlobStore service(retrying, config_.source.endpoint, decoder, network_.clock, log_);
  const auto blob = find_blob(service);
  if (!blob) {
    failed("reading", blob.error().message);
    return;
  }
  if (!*blob) return note("reading", "not tried: no blob with bytes is among the first");
  const auto& version = **blob;
  const auto name = version.container + "/" + version.blob;
  const auto read = wait_for<void>([&](auto done) {
    service.read(
        version, {0, 1}, [](auto) { return true; }, std::move(done));
  });
  if (read) return ok("reading", "a byte of '" + name + "'");
  failed("reading", "'" + name + "': " + read.error().message);
}

/// The first that can be read, of the first container with one.
Result<std::optional<BlobVersion>> Examination::find_blob(BlobStore& service) {
  std::vector<std::string> containers{config_.source.container};
  if (config_.source.container.empty()) {
    const auto page = wait_for<ContainerPage>(
        [&](auto done) { service.list_containers({.max_results = 10}, std::move(done)); });
    if (!page) return page.error();
    containers.clear();
    for (const auto& container : page->containers) containers.push_back(container.name);
  }
  for (const auto& container : containers) {
    const auto page = wait_for<BlobPage>([&](auto done) {
      service.list_blobs({.container = container, .prefix = config_.source.prefix, .max_results = 100},
                         std::move(done));
    });
    if (!page) return page.error();
    for (const auto& [name, properties] : page->blobs) {
      if (properties.size > 0 && !properties.details.archived())
        return std::optional(BlobVersion{container, name, properties.etag, properties.size});
    }
  }
  return std::optional<BlobVersion>();
}

}  // namespace

Report examine(const ConfigReport& given) {
  const auto log = log_to_stderr(LogLevel::error);
  return Examination(given, *log).run();
}

}  // namespace blobmount
