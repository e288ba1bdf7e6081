#include "cache/page_checksum.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

std::uint32_t checksum_of_text(std::string_view text) {
  return crc32c(std::as_bytes(std::span(text.data(), text.size())));
}

/// RFC 3720, B.4, and the catalogue's check value: https://reveng.sourceforge.io/crc-catalogue/17plus.htm
TEST(PageChecksum, IsTheCastagnoliPolynomialsAsOthersComputeIt) {
  EXPECT_EQ(checksum_of_text("123456789"), 0xe3069283U);
  EXPECT_EQ(checksum_of_text(
                std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32)),
            0x8a9136aaU);
  EXPECT_EQ(checksum_of_text(""), 0U);
}

}  // namespace
}  // namespace blobmount
