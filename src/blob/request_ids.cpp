#include "blob/request_ids.hpp"

#include <cstdio>
#include <random>

namespace blobmount {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

/// What is hexadecimal of `number` but for the four bits of the version, and the two of the variant.
std::string uuid_before_last_part(std::uint64_t number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08llx-%04llx-4%03llx-%04llx-",
                static_cast<unsigned long long>(number >> 32U),
                static_cast<unsigned long long>(number >> 16U & 0xffffU),
                static_cast<unsigned long long>(number >> 4U & 0xfffU),
                static_cast<unsigned long long>(0x8000U | (number & 0xfU) << 8U));
  return text.data();
}

}  // namespace

RequestIds::RequestIds() : RequestIds(random_number()) {}

RequestIds::RequestIds(std::uint64_t mount) : mount_(uuid_before_last_part(mount)) {}

std::string RequestIds::next() {
  std::array<char, 24> count{};
  std::snprintf(count.data(), count.size(), "%012llx",
                static_cast<unsigned long long>(++last_ & 0xffff'ffff'ffffU));
  return mount_ + count.data();
}

}  // namespace blobmount
