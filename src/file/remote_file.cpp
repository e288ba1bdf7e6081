#include "file/remote_file.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace blobmount {
namespace {

/// Where the pieces of one read are put together.
struct Assembly {
  explicit Assembly(std::size_t length)
      : data(std::make_shared_for_overwrite<std::byte[]>(length)), size(length) {}

  void append(std::span<const std::byte> piece) {
    std::memcpy(data.get() + filled, piece.data(), piece.size());
    filled += piece.size();
  }

  const std::shared_ptr<std::byte[]> data;
  const std::size_t size;
  std::size_t filled = 0;
};

bool is_gone(ErrorCode code) { return code == ErrorCode::changed || code == ErrorCode::not_found; }

}  // namespace

void RemoteFile::read(std::uint64_t offset, std::size_t size, Completion<Bytes> done) {
  const auto length = std::min<std::uint64_t>(size, version_.size - std::min(offset, version_.size));
  if (length == 0) return done(Bytes{});

  const auto assembly = std::make_shared<Assembly>(length);
  store_.read(
      version_, {offset, length}, [assembly](std::span<const std::byte> piece) { assembly->append(piece); },
      [assembly, on_gone = on_gone_, done = std::move(done)](Result<void> outcome) {
        if (outcome) return done(Bytes{assembly->data, assembly->size});
        if (is_gone(outcome.error().code)) on_gone();
        done(std::move(outcome).error());
      });
}

}  // namespace blobmount
