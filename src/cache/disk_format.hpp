#pragma once

/// What the disk tier's files are called, and what its side files hold: docs/disk-cache-format.md. Values, no
/// I/O.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blobmount/byte_source.hpp"

namespace blobmount {

/// Names the files of a version. Two versions may share one: the side file says whose they are.
using DiskName = std::uint64_t;

/// A version in the words of the disk.
struct DiskIdentity {
  std::string text{};  ///< account, container, blob and ETag
  std::uint64_t blob_size = 0;
  DiskName name = 0;
  std::uint32_t check = 0;  ///< 30 bits of another hash, which is not kept on disk

  bool operator==(const DiskIdentity&) const = default;
};
using SharedIdentity = std::shared_ptr<const DiskIdentity>;

/// `account` is where the container is looked for: the endpoint.
DiskIdentity disk_identity(std::string_view account, const BlobVersion& version);

/// The name of its blob, for people.
std::string blob_of(const DiskIdentity& identity);

inline std::uint64_t page_count(const DiskIdentity& identity) {
  return (identity.blob_size + page_size - 1) / page_size;
}

inline constexpr std::string_view data_suffix = ".data";
inline constexpr std::string_view side_suffix = ".pages";
std::string data_file(DiskName name);
std::string side_file(DiskName name);

enum class DiskFileKind : std::uint8_t { data, side };
struct DiskFileName {
  DiskName name = 0;
  DiskFileKind kind = DiskFileKind::data;
};
/// Nothing if the file is not one of ours.
std::optional<DiskFileName> parse_file_name(std::string_view file);

/// How a side file of that version begins. One that begins otherwise is another version's, another format's
/// or broken: nothing in it counts.
std::vector<std::byte> side_header(const DiskIdentity& identity);

/// How long that is, as its first bytes tell; nothing if it is no header of ours. Longer than any is nothing,
/// too.
inline constexpr std::size_t side_header_start = 28;
std::optional<std::size_t> side_header_size(std::span<const std::byte, side_header_start> start);
/// Whose it is; nothing if it is broken, or of another name.
std::optional<DiskIdentity> parse_side_header(std::span<const std::byte> header, DiskName name);

/// What stands in the side file for a page that is on disk.
using PageRecord = std::array<std::byte, 8>;
PageRecord page_record(std::uint32_t checksum);
/// The page's checksum; nothing if the record is empty, torn or broken.
std::optional<std::uint32_t> checksum_of(std::span<const std::byte, sizeof(PageRecord)> record);
/// Where the record of `page` stands.
std::uint64_t record_offset(const DiskIdentity& identity, std::uint64_t page);

/// What `bytes` take on the disk.
inline std::uint64_t disk_space(std::uint64_t bytes) {
  constexpr std::uint64_t block = 4096;  // of nearly all file systems
  return (bytes + block - 1) / block * block;
}

}  // namespace blobmount
