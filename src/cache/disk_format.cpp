#include "cache/disk_format.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

namespace blobmount {
namespace {

constexpr std::string_view magic = "blobmnt\n";
constexpr std::uint32_t format_version = 1;

constexpr std::size_t digits = 16;

/// An endpoint, a container, a name of 1,024 characters and an ETag stay well below.
constexpr std::uint32_t longest_text = 64U << 10U;

void append(std::vector<std::byte>& bytes, std::string_view text) {
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
}

/// Little-endian, on any machine.
template <typename Number>
void append_number(std::vector<std::byte>& bytes, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) bytes.push_back(static_cast<std::byte>(number >> (8 * i)));
}

std::uint32_t number_at(std::span<const std::byte, 4> bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    number |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  return number;
}

/// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
DiskName hash_of(std::string_view text) {
  DiskName hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::size_t header_size(const DiskIdentity& identity) {
  const auto size = magic.size() + 4 + 4 + 8 + 4 + identity.text.size();
  return (size + sizeof(PageRecord) - 1) / sizeof(PageRecord) * sizeof(PageRecord);
}

std::string file_name(DiskName name, std::string_view suffix) {
  std::array<char, digits> text{};
  const auto end = std::to_chars(text.begin(), text.end(), name, 16).ptr;
  const auto length = static_cast<std::size_t>(end - text.begin());
  return std::string(digits - length, '0').append(text.data(), length).append(suffix);
}

std::optional<DiskFileKind> kind_of(std::string_view suffix) {
  if (suffix == data_suffix) return DiskFileKind::data;
  if (suffix == side_suffix) return DiskFileKind::side;
  return std::nullopt;
}

/// Sets what follows from the text and the size.
DiskIdentity with_hashes(DiskIdentity identity) {
  identity.name = hash_of(identity.text);
  const auto other = std::hash<std::string>{}(identity.text) ^ (identity.blob_size * 0x9E3779B97F4A7C15U);
  identity.check = static_cast<std::uint32_t>(other >> 34U);
  return identity;
}

}  // namespace

DiskIdentity disk_identity(std::string_view account, const BlobVersion& version) {
  DiskIdentity identity{.text = std::string(account), .blob_size = version.size};
  for (const auto* part : {&version.container, &version.blob, &version.etag}) {
    identity.text.append(1, '\0').append(*part);  // no name holds a zero
  }
  return with_hashes(std::move(identity));
}

std::string blob_of(const DiskIdentity& identity) {
  const auto container = identity.text.find('\0') + 1;
  const auto blob = identity.text.find('\0', container) + 1;
  return identity.text.substr(blob, identity.text.find('\0', blob) - blob);
}

std::string data_file(DiskName name) { return file_name(name, data_suffix); }

std::string side_file(DiskName name) { return file_name(name, side_suffix); }

std::optional<DiskFileName> parse_file_name(std::string_view file) {
  if (file.size() < digits) return std::nullopt;
  const auto kind = kind_of(file.substr(digits));
  DiskName name = 0;
  const auto [end, failed] = std::from_chars(file.data(), file.data() + digits, name, 16);
  if (!kind || failed != std::errc{} || file_name(name, file.substr(digits)) != file) return std::nullopt;
  return DiskFileName{.name = name, .kind = *kind};
}

std::vector<std::byte> side_header(const DiskIdentity& identity) {
  std::vector<std::byte> header;
  append(header, magic);
  append_number(header, format_version);
  append_number(header, static_cast<std::uint32_t>(page_size));
  append_number(header, identity.blob_size);
  append_number(header, static_cast<std::uint32_t>(identity.text.size()));
  append(header, identity.text);
  header.resize(header_size(identity));
  return header;
}

std::optional<std::size_t> side_header_size(std::span<const std::byte, side_header_start> start) {
  const DiskIdentity nobody;
  const auto ours = side_header(nobody);
  // magic, version and size of a page
  if (!std::equal(start.begin(), start.begin() + 16, ours.begin())) return std::nullopt;
  const auto size = number_at(start.last<4>());
  if (size > longest_text) return std::nullopt;
  return header_size({.text = std::string(size, ' ')});
}

std::optional<DiskIdentity> parse_side_header(std::span<const std::byte> header, DiskName name) {
  if (header.size() < side_header_start) return std::nullopt;
  const auto start = header.first<side_header_start>();
  const auto size = side_header_size(start);
  if (!size || header.size() < *size) return std::nullopt;
  const auto low = number_at(start.subspan<16, 4>()), high = number_at(start.subspan<20, 4>());
  const auto* const text = reinterpret_cast<const char*>(&header[side_header_start]);
  auto identity = with_hashes(
      {.text = std::string(text, number_at(start.last<4>())), .blob_size = low | std::uint64_t{high} << 32U});
  if (identity.name != name || identity.blob_size > INT64_MAX) return std::nullopt;
  return identity;
}

PageRecord page_record(std::uint32_t checksum) {
  PageRecord record{};
  for (std::size_t i = 0; i < 4; ++i) {
    record[i] = static_cast<std::byte>(checksum >> (8 * i));
    record[i + 4] = ~record[i];
  }
  return record;
}

std::optional<std::uint32_t> checksum_of(std::span<const std::byte, sizeof(PageRecord)> record) {
  const auto checksum = number_at(record.first<4>());
  if (checksum != ~number_at(record.last<4>())) return std::nullopt;
  return checksum;
}

std::uint64_t record_offset(const DiskIdentity& identity, std::uint64_t page) {
  return header_size(identity) + page * sizeof(PageRecord);
}

}  // namespace blobmount
