#include "fakes/synthetic_content.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

#include "fakes/random.hpp"

namespace blobmount::tests {
namespace {

/// Two periods of noise in a file of the memory, made once and never changed. sendfile() lends its pages to
/// the socket: nothing is copied on this side. Two of them, so that a period can be sent from anywhere in the
/// first.
class Pattern {
 public:
  Pattern() : file_(::memfd_create("synthetic-content", MFD_CLOEXEC)) {
    if (file_ < 0 || ::ftruncate(file_, size) != 0) fail();
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (memory == MAP_FAILED) fail();
    auto* const bytes = static_cast<std::byte*>(memory);
    for (std::uint64_t i = 0; i < SyntheticContent::period; ++i) bytes[i] = static_cast<std::byte>(mixed(i));
    std::memcpy(bytes + SyntheticContent::period, bytes, SyntheticContent::period);
    bytes_ = bytes;
  }
  ~Pattern() {
    ::munmap(const_cast<std::byte*>(bytes_), size);
    ::close(file_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  [[nodiscard]] const std::byte* at(std::uint64_t position) const { return bytes_ + position; }
  [[nodiscard]] int file() const { return file_; }

 private:
  static constexpr std::size_t size = 2 * SyntheticContent::period;
  [[noreturn]] static void fail() {
    throw std::system_error(errno, std::generic_category(), "synthetic content");
  }

  const int file_;
  const std::byte* bytes_ = nullptr;
};

const Pattern& pattern() {
  static const Pattern instance;
  return instance;
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
              std::memcpy(bytes.data() + done, pattern().at(position), size);
              return true;
            });
}

bool SyntheticContent::matches(std::uint64_t offset, std::span<const std::byte> bytes) const {
  return in_pieces(shift_ + offset, bytes.size(),
                   [bytes](std::uint64_t done, std::uint64_t position, std::uint64_t size) {
                     return std::memcmp(bytes.data() + done, pattern().at(position), size) == 0;
                   });
}

bool SyntheticContent::send(Reply& reply, std::uint64_t offset, std::uint64_t length) const {
  return in_pieces(shift_ + offset, length,
                   [&reply](std::uint64_t, std::uint64_t position, std::uint64_t size) {
                     return reply.send_file(pattern().file(), position, size);
                   });
}

}  // namespace blobmount::tests
