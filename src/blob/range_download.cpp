#include "blob/range_download.hpp"

#include "blob/blob_headers.hpp"
#include "blob/service_error.hpp"
#include "http/wanted_body.hpp"

namespace blobmount {
namespace {

std::string to_string(ByteRange range) {
  return std::to_string(range.length) + " bytes from " + std::to_string(range.offset);
}

}  // namespace

Status RangeDownload::begin(const HttpResponse& head, ByteRange range) {
  if (range.offset != range_.offset + received_ || range.end() != range_.end()) {
    return Error{ErrorCode::internal, "asked for " + to_string(range) + " with " + std::to_string(received_) +
                                          " taken of " + to_string(range_)};
  }
  if (!wanted_) return no_longer_wanted();
  auto fits = check_head(head, range);
  if (!fits) return of_answer(head, std::move(fits).error());
  return fits;
}

Status RangeDownload::check_head(const HttpResponse& head, ByteRange range) const {
  if (!from_blob_storage(head.headers)) return not_from_blob_storage();
  BM_TRY(check_version(head.headers));
  return check_range(head, range);
}

Status RangeDownload::check_version(const HttpHeaders& headers) const {
  const auto etag = headers.get("ETag").value_or("");
  if (etag.empty()) return Error{ErrorCode::corrupt, "the answer has no header ETag"};
  // If-Match should have made it a 412
  if (quoted_etag(etag) != version_.etag)
    return Error{ErrorCode::changed, "the answer is of another version"};
  return {};
}

Status RangeDownload::check_range(const HttpResponse& head, ByteRange range) const {
  if (head.status == 206) {
    const auto text = head.headers.get("Content-Range").value_or("");
    const auto content = parse_content_range(text);
    if (!content || content->range != range || content->total != version_.size) {
      return Error{ErrorCode::corrupt, "asked for " + to_string(range) + " of " +
                                           std::to_string(version_.size) + ", got Content-Range '" +
                                           std::string(text) + "'"};
    }
  } else if (head.status != 200 || range != ByteRange{0, version_.size}) {
    return Error{ErrorCode::corrupt, "asked for " + to_string(range) + ", got HTTP " +
                                         std::to_string(head.status) + " and not that range"};
  }

  // absent where the body comes in chunks; finish() counts
  const auto length = head.headers.get("Content-Length");
  if (length && parse_size(*length) != range.length) {
    return Error{ErrorCode::corrupt,
                 "asked for " + to_string(range) + ", got Content-Length '" + std::string(*length) + "'"};
  }
  return {};
}

Status RangeDownload::append(std::span<const std::byte> bytes) {
  if (!wanted_) return no_longer_wanted();
  if (bytes.size() > range_.length - received_) {
    return Error{ErrorCode::corrupt, "got more than the " + to_string(range_) + " that were asked for"};
  }
  received_ += bytes.size();
  wanted_ = bytes.empty() || piece_(bytes);
  if (!wanted_) return no_longer_wanted();
  return {};
}

bool RangeDownload::wanted() {
  wanted_ = wanted_ && piece_({});
  return wanted_;
}

Status RangeDownload::finish() const {
  if (!wanted_) return no_longer_wanted();
  if (received_ == range_.length) return {};
  return Error{ErrorCode::corrupt,
               "got " + std::to_string(received_) + " of " + to_string(range_) + " that were asked for"};
}

}  // namespace blobmount
