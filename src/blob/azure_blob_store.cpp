#include "blob/azure_blob_store.hpp"

#include "blob/blob_headers.hpp"
#include "blob/blob_requests.hpp"
#include "blob/list_xml.hpp"
#include "blob/range_download.hpp"
#include "blob/service_error.hpp"

namespace blobmount {
namespace {

/// Of a page of a listing: 5,000 entries of 1.6 KiB; most are half as long.
constexpr std::uint64_t longest_page = 8U << 20U;

Error no_such_container(const std::string& name) {
  return {ErrorCode::not_found, "'" + name + "' cannot be the name of a container"};
}

Error no_such_blob(const std::string& name) {
  return {ErrorCode::not_found, "'" + name + "' cannot be the name of a blob"};
}

template <typename T>
Result<T> decoded(Result<HttpResponse> answer, const std::function<Result<T>(HttpResponse)>& decode) {
  BM_ASSIGN(response, std::move(answer));
  if (response.status != 200) return service_error(response);
  return decode(std::move(response));
}

/// Of a page that has come to whoever wants the one after it. Decoding can wait for a free thread and then
/// takes milliseconds: the next request need not.
std::function<void(const HttpResponse&)> telling_marker(
    const std::function<void(const std::string& marker)>& next_known) {
  if (!next_known) return {};
  return [next_known](const HttpResponse& page) {
    if (const auto marker = next_marker_of(page.body)) next_known(*marker);
  };
}

Status finished(Result<HttpResponse> answer, const RangeDownload& download) {
  BM_ASSIGN(response, std::move(answer));
  if (response.status != 200 && response.status != 206) return service_error(response);
  return download.finish();
}

}  // namespace

void AzureBlobStore::list_containers(const ListContainersQuery& query, Completion<ContainerPage> done) {
  ask<ContainerPage>(
      list_containers_request(endpoint_, query), {.verb = "list containers"},
      [](HttpResponse answer) { return parse_container_page(std::move(answer.body)); }, std::move(done));
}

void AzureBlobStore::get_container(const std::string& container, Completion<ContainerProperties> done) {
  if (!can_name_container(container)) return done(no_such_container(container));
  ask<ContainerProperties>(
      get_container_request(endpoint_, container), {.verb = "look at", .container = container},
      [container](const HttpResponse& answer) {
        return parse_container_properties(container, answer.headers);
      },
      std::move(done));
}

void AzureBlobStore::list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) {
  if (!can_name_container(query.container)) return done(no_such_container(query.container));
  ask<BlobPage>(
      list_blobs_request(endpoint_, query),
      {.verb = "list", .container = query.container, .name = query.prefix},
      [](HttpResponse answer) { return parse_blob_page(std::move(answer.body)); }, std::move(done),
      telling_marker(query.next_known));
}

void AzureBlobStore::get_properties(const std::string& container, const std::string& blob,
                                    Completion<BlobProperties> done) {
  if (!can_name_container(container)) return done(no_such_container(container));
  if (!can_name_blob(blob)) return done(no_such_blob(blob));
  ask<BlobProperties>(
      get_properties_request(endpoint_, container, blob),
      {.verb = "look at", .container = container, .name = blob},
      [](const HttpResponse& answer) { return parse_blob_properties(answer.headers); }, std::move(done));
}

void AzureBlobStore::read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) {
  if (!can_name_container(version.container)) return done(no_such_container(version.container));
  if (!can_name_blob(version.blob)) return done(no_such_blob(version.blob));
  if (range.length == 0 || range.offset > version.size || range.length > version.size - range.offset) {
    return done(
        Error{ErrorCode::invalid_argument, "read '" + version.blob + "': the range is not within the blob"});
  }

  auto download = std::make_shared<RangeDownload>(version, range, std::move(piece));
  auto request = read_request(endpoint_, version, range);
  request.sink = download;
  request.limits = limits_for(range.length, stall_timeout_);
  transport_.start(
      std::move(request),
      [this, download, subject = Subject{"read", version.container, version.blob}, done = std::move(done)](
          Result<HttpResponse> answer) { done(judged(subject, finished(std::move(answer), *download))); });
}

template <typename T>
void AzureBlobStore::ask(HttpRequest request, Subject subject, Decode<T> decode, Completion<T> done,
                         Glance glance) {
  request.limits = limits_for(longest_page, stall_timeout_);
  transport_.start(std::move(request),
                   [this, subject = std::move(subject), decode = std::move(decode), done = std::move(done),
                    glance = std::move(glance)](Result<HttpResponse> answer) mutable {
                     if (glance && answer && answer->status == 200) glance(*answer);
                     decoders_.submit([this, subject = std::move(subject), decode = std::move(decode),
                                       done = std::move(done), answer = std::move(answer)]() mutable {
                       done(judged(subject, decoded(std::move(answer), decode)));
                     });
                   });
}

template <typename T>
Result<T> AzureBlobStore::judged(const Subject& subject, Result<T> outcome) {
  if (outcome) {
    refusals_.succeeded(subject.container);
    return outcome;
  }
  auto activity = std::string(subject.verb);
  if (!subject.container.empty()) activity.append(" '").append(subject.container);
  if (!subject.name.empty()) activity.append("/").append(subject.name);
  if (!subject.container.empty()) activity += "'";
  auto error = std::move(outcome).error().within(activity);
  refusals_.failed(subject.container, error);
  return error;
}

}  // namespace blobmount
