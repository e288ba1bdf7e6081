#include "cache/page_checksum.hpp"

#include <isa-l/crc.h>

namespace blobmount {

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  // the library reads only, but its signature forgot to say so
  auto* const data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0U);
}

}  // namespace blobmount
