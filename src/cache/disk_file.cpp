#include "cache/disk_file.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "cache/page_checksum.hpp"

namespace blobmount {
namespace {

constexpr std::size_t record_size = sizeof(PageRecord);

/// The records of a whole blob may be many: this many at a time.
constexpr std::size_t records_at_once = 8192;

Status check_header(File& side, const DiskIdentity& identity) {
  const auto expected = side_header(identity);
  std::vector<std::byte> found(expected.size());
  BM_ASSIGN(size, side.read(0, found));
  if (size != expected.size() || found != expected) {
    return Error{ErrorCode::corrupt, "the side file is broken, or another version's"};
  }
  return {};
}

std::optional<std::uint32_t> checksum_in(std::span<const std::byte> records, std::size_t index) {
  return checksum_of(records.subspan(index * record_size).first<record_size>());
}

}  // namespace

Result<std::shared_ptr<DiskFile>> DiskFile::open(CacheDirectory& directory, const DiskIdentity& identity) {
  BM_ASSIGN(side, directory.open(side_file(identity.name)));
  BM_TRY(check_header(*side, identity));
  BM_ASSIGN(data, directory.open(data_file(identity.name)));
  return std::make_shared<DiskFile>(identity, std::move(side), std::move(data));
}

Result<DiskIdentity> DiskFile::identity_of(CacheDirectory& directory, DiskName name) {
  const Error broken{ErrorCode::corrupt, "the side file is broken"};
  BM_ASSIGN(side, directory.open(side_file(name)));
  std::array<std::byte, side_header_start> start{};
  BM_ASSIGN(start_size, side->read(0, start));
  const auto size = start_size == start.size() ? side_header_size(start) : std::nullopt;
  if (!size) return broken;
  std::vector<std::byte> header(*size);
  BM_ASSIGN(header_size, side->read(0, header));
  if (header_size != header.size()) return broken;
  auto identity = parse_side_header(header, name);
  if (!identity) return broken;
  return *std::move(identity);
}

Result<std::shared_ptr<DiskFile>> DiskFile::create(CacheDirectory& directory, const DiskIdentity& identity) {
  BM_TRY(remove(directory, identity.name));
  BM_ASSIGN(data, directory.create(data_file(identity.name)));
  BM_TRY(data->resize(identity.blob_size));
  BM_ASSIGN(side, directory.create(side_file(identity.name)));
  const auto header = side_header(identity);
  BM_TRY(side->write(0, std::array{Piece(header)}));
  return std::make_shared<DiskFile>(identity, std::move(side), std::move(data));
}

Status DiskFile::remove(CacheDirectory& directory, DiskName name) {
  // in this order: bytes without a side file do not count, while records must never meet other bytes
  BM_TRY(directory.remove(side_file(name)));
  return directory.remove(data_file(name));
}

Result<PageSet> DiskFile::pages() {
  PageSet pages;
  std::vector<std::byte> records(records_at_once * record_size);
  for (std::uint64_t first = 0; first < page_count(identity_); first += records_at_once) {
    BM_ASSIGN(size, side_->read(record_offset(identity_, first), records));
    const auto count = std::min<std::uint64_t>(size / record_size, page_count(identity_) - first);
    for (std::size_t i = 0; i < count; ++i) {
      if (checksum_in(records, i)) pages.insert(first + i);
    }
    if (size < records.size()) break;
  }
  return pages;
}

Status DiskFile::check_size() {
  std::array<std::byte, 2> end{};
  const auto last = std::min<std::uint64_t>(identity_.blob_size, 1);
  BM_ASSIGN(size, data_->read(identity_.blob_size - last, end));
  if (size == last) return {};
  return Error{ErrorCode::corrupt, "the bytes are not as many as the side file says"};
}

Status DiskFile::read(std::uint64_t page, std::byte* buffer) {
  PageRecord record{};
  const std::span bytes(buffer, size_of(page));
  BM_TRY(side_->read(record_offset(identity_, page), record));
  BM_ASSIGN(size, data_->read(page * page_size, bytes));
  if (size != bytes.size() || checksum_of(record) != crc32c(bytes)) {
    return Error{ErrorCode::corrupt, "the bytes of a page are not those that were written"};
  }
  return {};
}

Status DiskFile::write(std::uint64_t first, std::span<const PageBuffer> pages) {
  std::vector<Piece> bytes;
  std::vector<PageRecord> records;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    bytes.emplace_back(pages[i].get(), size_of(first + i));
    records.push_back(page_record(crc32c(bytes.back())));
  }

  // in this order: a record counts as soon as it is there
  BM_TRY(data_->write(first * page_size, bytes));
  return side_->write(record_offset(identity_, first), std::array{std::as_bytes(std::span(records))});
}

}  // namespace blobmount
