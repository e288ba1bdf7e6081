#pragma once

/// Takes in one range of one version of a blob, and nothing else: each answer must be of that version and of
/// the very range that was asked for, so that tries joined together are the blob's bytes.

#include "blobmount/blob_store.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

class RangeDownload final : public BodySink {
 public:
  /// `range` lies within the version and is not empty. `piece` is called by append() and wanted(), on their
  /// thread, and not again once it has said that the rest is not wanted: from then on all ends with
  /// `cancelled`.
  RangeDownload(BlobVersion version, ByteRange range, OnPiece piece)
      : version_(std::move(version)), range_(range), piece_(std::move(piece)) {}

  Status begin(const HttpResponse& head, ByteRange range) override;
  Status append(std::span<const std::byte> bytes) override;
  [[nodiscard]] bool wanted() override;
  [[nodiscard]] std::uint64_t received() const override { return received_; }

  /// The transport says that all is there: is it?
  [[nodiscard]] Status finish() const;

 private:
  [[nodiscard]] Status check_head(const HttpResponse& head, ByteRange range) const;
  [[nodiscard]] Status check_version(const HttpHeaders& headers) const;
  [[nodiscard]] Status check_range(const HttpResponse& head, ByteRange range) const;

  const BlobVersion version_;
  const ByteRange range_;
  const OnPiece piece_;
  std::uint64_t received_ = 0;
  bool wanted_ = true;
};

}  // namespace blobmount
