#include "fakes/blob_service.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "fakes/blob_service_orders.hpp"
#include "fakes/faulty_body.hpp"
#include "fakes/list_xml.hpp"
#include "fakes/random.hpp"
#include "fakes/synthetic_content.hpp"

namespace blobmount::tests {
namespace {

bool is_list(RequestKind kind) {
  return kind == RequestKind::list_blobs || kind == RequestKind::list_containers;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "bytes=FIRST-LAST" or "bytes=FIRST-". The service takes no others: it answers those as if they were not
/// there.
std::optional<ByteRange> asked_range(const ServedRequest& request) {
  static constexpr std::string_view unit = "bytes=";
  const auto value = request.header("x-ms-range").value_or(request.header("Range").value_or(""));
  const auto dash = value.find('-');
  if (!value.starts_with(unit) || dash == std::string::npos) return std::nullopt;
  const auto first = number_of(std::string_view(value).substr(unit.size(), dash - unit.size()));
  const auto last = number_of(std::string_view(value).substr(dash + 1));
  if (!first || (!last && dash + 1 < value.size())) return std::nullopt;
  const auto beyond = last ? *last + 1 : UINT64_MAX;
  if (beyond <= *first) return std::nullopt;
  return ByteRange{.offset = *first, .length = beyond - *first};
}

std::optional<ServiceError> unmet_condition(const ServedRequest& request, const CatalogBlob& blob) {
  const auto wanted = request.header("If-Match");
  if (wanted && *wanted != "*" && *wanted != blob.etag) return ServiceError::condition_not_met();
  const auto unwanted = request.header("If-None-Match");
  if (!unwanted || (*unwanted != "*" && *unwanted != blob.etag)) return std::nullopt;
  auto error = ServiceError::condition_not_met();
  error.status = 304;
  return error;
}

/// How many items of a page are asked for: none said, or more than the service gives, is its limit.
std::optional<std::size_t> page_size(const ServedRequest& request) {
  static constexpr std::uint64_t limit = 5000;
  const auto text = request.parameter("maxresults");
  if (!text) return limit;
  const auto number = number_of(*text);
  if (!number || *number == 0) return std::nullopt;
  return std::min(*number, limit);
}

ListHead head_of(const std::string& endpoint, const std::string& container, const ServedRequest& request) {
  return {.endpoint = endpoint,
          .container = container,
          .prefix = request.parameter("prefix").value_or(""),
          .marker = request.parameter("marker").value_or(""),
          .delimiter = request.parameter("delimiter").value_or(""),
          .max_results = request.parameter("maxresults").value_or("")};
}

Answer xml_answer(std::string xml) {
  auto headers = common_headers();
  headers.add("Content-Type", "application/xml");
  const auto length = xml.size();
  return {.headers = std::move(headers),
          .length = length,
          .send_part = [xml = std::move(xml)](Reply& reply, std::uint64_t offset, std::uint64_t size) {
            return reply.send_text(std::string_view(xml).substr(offset, size));
          }};
}

HttpHeaders headers_of(const CatalogBlob& blob) {
  auto headers = common_headers();
  headers.add("Content-Type", blob.content_type);
  headers.add("Accept-Ranges", "bytes");
  headers.add("ETag", blob.etag);
  headers.add("Last-Modified", http_date(blob.last_modified));
  headers.add("x-ms-blob-type", blob.type);
  if (!blob.version_id.empty()) headers.add("x-ms-version-id", blob.version_id);
  headers.add("x-ms-lease-status", "unlocked");
  headers.add("x-ms-lease-state", "available");
  headers.add("x-ms-server-encrypted", "true");
  for (const auto& [name, value] : blob.metadata) headers.add("x-ms-meta-" + name, value);
  return headers;
}

Answer whole_or_range(const CatalogBlob& blob, std::optional<ByteRange> range) {
  const auto sent = range.value_or(ByteRange{.offset = 0, .length = blob.size});
  Answer answer{.status = range ? 206 : 200, .headers = headers_of(blob), .length = sent.length};
  // with a part, Content-MD5 would be the part's
  if (!blob.content_md5.empty()) {
    answer.headers.add(range ? "x-ms-blob-content-md5" : "Content-MD5", blob.content_md5);
  }
  if (range) {
    answer.headers.add("Content-Range", "bytes " + std::to_string(sent.offset) + "-" +
                                            std::to_string(sent.end() - 1) + "/" + std::to_string(blob.size));
  }
  answer.send_part = [blob, start = sent.offset](Reply& reply, std::uint64_t offset, std::uint64_t length) {
    if (!blob.bytes) return SyntheticContent(blob.seed).send(reply, start + offset, length);
    return reply.send_text(std::string_view(*blob.bytes).substr(start + offset, length));
  };
  return answer;
}

class UnderWay {
 public:
  UnderWay(ServiceStats& stats, const std::string& name) : stats_(stats), name_(name) { stats_.began(name_); }
  ~UnderWay() { stats_.ended(name_); }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  ServiceStats& stats_;
  const std::string& name_;
};

}  // namespace

BlobService::BlobService(int port, std::string account, const std::optional<CertificateFiles>& tls)
    : account_(std::move(account)),
      server_([this](const ServedRequest& request, Reply& reply) { answer(request, reply); }, port, tls) {}

void BlobService::set_network(const NetworkModel& network) {
  const MutexLock lock(mutex_);
  network_ = network;
}

NetworkModel BlobService::network() const {
  const MutexLock lock(mutex_);
  return network_;
}

void BlobService::answer(const ServedRequest& request, Reply& reply) {
  const auto arrival = std::chrono::steady_clock::now();
  if (is_order(request)) return carry_out_order(request, *this, reply);

  const auto asked = understand(request);
  const auto name = asked.container + "/" + asked.blob;
  stats_.count({.kind = asked.kind, .name = name, .range = asked_range(request)});
  const UnderWay under_way(stats_, name);
  const auto fault = faults_.next(asked.kind, name);
  const auto model = network();
  const auto& latency = is_list(asked.kind) && model.list ? *model.list : model.first_byte;
  if (!reply.wait_until(arrival + latency.at(chance(++served_)))) return;

  if (const auto objection = access_.objection_to(request)) {
    send_error(reply, *objection);
  } else if (!fault || !strike_before_head(*fault, reply)) {
    serve(asked, fault, reply);
  }
}

BlobService::Asked BlobService::understand(const ServedRequest& request) const {
  Asked asked{.request = request};
  const auto account_path = "/" + account_;
  if (!request.path.starts_with(account_path)) return asked;
  auto rest = std::string_view(request.path).substr(account_path.size());
  if (!rest.empty()) rest.remove_prefix(1);
  asked.container = rest.substr(0, rest.find('/'));
  if (asked.container.size() < rest.size()) asked.blob = rest.substr(asked.container.size() + 1);

  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool lists = request.method == "GET" && request.parameter("comp") == "list";
  const bool of_container = request.parameter("restype") == "container";
  if (!reads) return asked;
  if (!asked.blob.empty()) {
    asked.kind = request.method == "GET" ? RequestKind::get_blob : RequestKind::head_blob;
  } else if (asked.container.empty()) {
    if (lists) asked.kind = RequestKind::list_containers;
  } else if (of_container) {
    asked.kind = lists ? RequestKind::list_blobs : RequestKind::get_container;
    if (lists) asked.blob = request.parameter("prefix").value_or("");
  }
  return asked;
}

void BlobService::serve(const Asked& asked, const std::optional<Fault>& fault, Reply& reply) {
  switch (asked.kind) {
    case RequestKind::list_containers:
      return list_containers(asked, fault, reply);
    case RequestKind::get_container:
      return get_container(asked, reply);
    case RequestKind::list_blobs:
      return list_blobs(asked, fault, reply);
    case RequestKind::head_blob:
    case RequestKind::get_blob:
      return get_blob(asked, fault, reply);
    case RequestKind::other:
      break;
  }
  send_error(reply, ServiceError::unsupported_verb());
}

void BlobService::list_containers(const Asked& asked, const std::optional<Fault>& fault, Reply& reply) {
  const auto most = page_size(asked.request);
  if (!most) return void(send_error(reply, ServiceError::invalid_query("maxresults")));
  const auto head = head_of(endpoint().to_string(), "", asked.request);
  auto from = name_of_marker(head.marker);

  std::vector<ListedContainer> page;
  std::string next;
  for (const auto& name : blobs_.containers()) {
    if (name < from || !name.starts_with(head.prefix)) continue;
    if (page.size() == *most || (fault && fault->kind == FaultKind::empty_page)) {
      next = name;
      break;
    }
    if (auto properties = blobs_.container(name)) page.push_back({name, *std::move(properties)});
  }
  send_answer(xml_answer(list_containers_xml(head, page, next)), fault, network().bytes_per_second, reply);
}

void BlobService::get_container(const Asked& asked, Reply& reply) {
  const auto container = blobs_.container(asked.container);
  if (!container) return void(send_error(reply, ServiceError::container_not_found()));
  auto headers = common_headers();
  headers.add("ETag", container->etag);
  headers.add("Last-Modified", http_date(container->last_modified));
  headers.add("x-ms-lease-status", "unlocked");
  headers.add("x-ms-lease-state", "available");
  headers.add("x-ms-has-immutability-policy", "false");
  headers.add("x-ms-has-legal-hold", "false");
  reply.send(200, headers);
}

void BlobService::list_blobs(const Asked& asked, const std::optional<Fault>& fault, Reply& reply) {
  const auto most = page_size(asked.request);
  if (!most) return void(send_error(reply, ServiceError::invalid_query("maxresults")));
  const auto head = head_of(endpoint().to_string(), asked.container, asked.request);
  const bool empty = fault && fault->kind == FaultKind::empty_page;

  auto page = blobs_.list(asked.container, {.prefix = head.prefix,
                                            .delimiter = head.delimiter,
                                            .from = name_of_marker(head.marker),
                                            .most = empty ? 0 : *most});
  if (!page) return void(send_error(reply, ServiceError::container_not_found()));
  const bool metadata = asked.request.parameter("include").value_or("").find("metadata") != std::string::npos;
  send_answer(xml_answer(list_blobs_xml(head, *page, metadata)), fault, network().bytes_per_second, reply);
}

void BlobService::get_blob(const Asked& asked, const std::optional<Fault>& fault, Reply& reply) {
  const auto blob = blobs_.find(asked.container, asked.blob);
  if (!blob) {
    const bool container = blobs_.container(asked.container).has_value();
    return void(
        send_error(reply, container ? ServiceError::blob_not_found() : ServiceError::container_not_found()));
  }
  if (const auto unmet = unmet_condition(asked.request, *blob)) return void(send_error(reply, *unmet));
  if (asked.kind == RequestKind::head_blob) {
    auto answer = whole_or_range(*blob, std::nullopt);
    answer.headers.add("x-ms-access-tier", blob->access_tier);
    return send_answer(std::move(answer), fault, 0, reply);
  }
  if (blob->access_tier == "Archive") return void(send_error(reply, ServiceError::archived()));

  auto range = asked_range(asked.request);
  if (range && range->offset >= blob->size) {
    auto error = ServiceError::invalid_range();
    error.headers.add("Content-Range", "bytes */" + std::to_string(blob->size));
    return void(send_error(reply, error));
  }
  if (range) range->length = std::min(range->length, blob->size - range->offset);

  auto answer = whole_or_range(*blob, range);
  const auto to_send = length_despite(fault, answer.length);
  const auto sent_before = reply.sent();
  stats_.get_began(to_send);
  send_answer(std::move(answer), fault, network().bytes_per_second, reply);
  const auto sent = reply.sent() - sent_before;
  stats_.get_ended(to_send - std::min(sent, to_send));
}

}  // namespace blobmount::tests
