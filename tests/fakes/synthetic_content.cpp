#include "fakes/synthetic_content.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "fakes/random.hpp"

namespace blobmount::tests {
namespace {

/// Two periods of noise, made once and never changed: a whole period can be sent from anywhere in the first.
std::vector<std::byte> make_pattern() {
  std::vector<std::byte> bytes(2 * SyntheticContent::period);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(mixed(i % SyntheticContent::period));
  }
  return bytes;
}

std::span<const std::byte> pattern(std::uint64_t position, std::uint64_t size) {
  static const auto bytes = make_pattern();
  return std::span(bytes).subspan(position, size);
}

/// Visit `length` bytes from `position` of the endless pattern in contiguous pieces, until one returns false.
template <typename Visit>
bool in_pieces(std::uint64_t position, std::uint64_t length, Visit visit) {
  for (std::uint64_t done = 0; done < length;) {
    const auto size = std::min(SyntheticContent::period, length - done);
    if (!visit(done, (position + done) % SyntheticContent::period, size)) return false;
    done += size;
  }
  return true;
}

}  // namespace

SyntheticContent::SyntheticContent(std::uint64_t seed) : shift_(mixed(seed) % period) {}

std::uint64_t SyntheticContent::seed_of(std::string_view name) {
  std::uint64_t seed = 0;
  for (const char c : name) seed = mixed(seed ^ static_cast<unsigned char>(c));
  return seed;
}

void SyntheticContent::fill(std::uint64_t offset, std::span<std::byte> bytes) const {
  in_pieces(shift_ + offset, bytes.size(),
            [bytes](std::uint64_t done, std::uint64_t position, std::uint64_t size) {
              std::memcpy(bytes.data() + done, pattern(position, size).data(), size);
              return true;
            });
}

bool SyntheticContent::matches(std::uint64_t offset, std::span<const std::byte> bytes) const {
  return in_pieces(shift_ + offset, bytes.size(),
                   [bytes](std::uint64_t done, std::uint64_t position, std::uint64_t size) {
                     return std::memcmp(bytes.data() + done, pattern(position, size).data(), size) == 0;
                   });
}

bool SyntheticContent::send(Reply& reply, std::uint64_t offset, std::uint64_t length) const {
  return in_pieces(shift_ + offset, length,
                   [&reply](std::uint64_t, std::uint64_t position, std::uint64_t size) {
                     return reply.send_bytes(pattern(position, size));
                   });
}

}  // namespace blobmount::tests
