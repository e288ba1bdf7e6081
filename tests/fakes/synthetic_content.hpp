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
  /// The largest prime below 1 MiB. So small that it stays in a processor's cache: sent from there with
  /// send(), it costs sender and receiver together no more than sendfile() from a file in memory did (0.5 CPU
  /// s/GiB), and the receiver a fifth less, since the kernel hands it larger pieces than single pages.
  static constexpr std::uint64_t period = 1'048'573;

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
