#pragma once

/// The Blob service over HTTP. Signing, retries and connections are the transport's; what stands in URLs,
/// headers and XML is in the other files of this folder.

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "base/log.hpp"
#include "base/worker_pool.hpp"
#include "blob/refusal_log.hpp"

namespace blobmount {

/// Lists and properties are decoded, and their completions run, on `decoders`: a page of 5,000 entries must
/// not hold up the network. Pieces and the completion of read() run on the transport's threads, and so does
/// ListBlobsQuery::next_known, as soon as a page has come. A name that no container or blob can have is
/// answered with not_found at once, without a request.
class AzureBlobStore final : public BlobStore {
 public:
  /// `endpoint` is the account's; a try in which no byte comes for `stall_timeout` is given up.
  AzureBlobStore(HttpTransport& transport, Url endpoint, WorkerPool& decoders, Clock& clock, Log& log,
                 Duration stall_timeout = HttpLimits{}.stall)
      : transport_(transport),
        decoders_(decoders),
        endpoint_(std::move(endpoint)),
        stall_timeout_(stall_timeout),
        refusals_(clock, log) {}

  void list_containers(const ListContainersQuery& query, Completion<ContainerPage> done) override;
  void get_container(const std::string& container, Completion<ContainerProperties> done) override;
  void list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) override;
  void get_properties(const std::string& container, const std::string& blob,
                      Completion<BlobProperties> done) override;
  void read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) override;

 private:
  /// What a request is about, for those who read its error.
  struct Subject {
    std::string_view verb;
    std::string container{};
    std::string name{};  ///< of a blob, or a prefix; may be empty
  };

  template <typename T>
  using Decode = std::function<Result<T>(HttpResponse answer)>;

  using Glance = std::function<void(const HttpResponse& answer)>;

  /// Send `request`; give what `decode` makes of a 200 to `done`. Before that, `glance` sees the 200 on the
  /// transport's thread.
  template <typename T>
  void ask(HttpRequest request, Subject subject, Decode<T> decode, Completion<T> done, Glance glance = {});

  /// Keeps the refusals' record, and says in an error what was being done.
  template <typename T>
  Result<T> judged(const Subject& subject, Result<T> outcome);

  HttpTransport& transport_;
  WorkerPool& decoders_;
  const Url endpoint_;
  const Duration stall_timeout_;
  RefusalLog refusals_;
};

}  // namespace blobmount
