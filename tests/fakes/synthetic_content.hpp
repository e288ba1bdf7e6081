#pragma once

/// The bytes of synthetic blobs, of any size: a pure function of seed and offset, so that a test can check
/// any range, and so cheap that serving them costs hardly more than the copy into the client.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fakes/reply.hpp"

namespace blobmount::tests {

/// A value. The bytes repeat after `period`, a prime: a block of any usual size that is put in a wrong place,
/// or taken from another blob, has wrong bytes.
class SyntheticContent {
 public:
  static constexpr std::uint64_t period = 4'194'301;  // the largest prime below 4 MiB

  explicit SyntheticContent(std::uint64_t seed);
  /// Of the blob of that name, where nobody chose a seed.
  static std::uint64_t seed_of(std::string_view name);

  void fill(std::uint64_t offset, std::span<std::byte> bytes) const;
  [[nodiscard]] bool matches(std::uint64_t offset, std::span<const std::byte> bytes) const;
  bool send(Reply& reply, std::uint64_t offset, std::uint64_t length) const;

 private:
  const std::uint64_t shift_;
};

}  // namespace blobmount::tests
