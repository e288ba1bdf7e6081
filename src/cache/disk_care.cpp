#include "cache/disk_care.hpp"

#include <cstddef>
#include <vector>

namespace blobmount {
namespace {

void verify_one(DiskFile& file, DiskProgress& progress, std::vector<std::byte>& buffer,
                const OnBadPage& on_bad) {
  const auto pages = file.pages();
  if (!pages) {
    ++progress.bad;
    return;
  }
  const auto& identity = file.identity();
  for (std::uint64_t page = 0; page < page_count(identity) && !progress.stop; ++page) {
    if (!pages->contains(page)) continue;
    const auto outcome = file.read(page, buffer.data());
    progress.bytes += bytes_of({page, 1}, identity.blob_size).length;
    if (outcome) continue;
    ++progress.bad;
    on_bad(identity, page, outcome.error());
  }
}

}  // namespace

void clear(DiskStore& store, DiskProgress& progress) {
  constexpr std::size_t most_stuck = 16;  // the disk fails, and each look passes all of them
  std::vector<SharedEntry> stuck;         // is in use as long as it is held here, so that it is not met again
  while (!progress.stop) {
    const auto entry = store.index().unused();
    if (!entry) return;
    const auto freed = store.evict(entry);
    if (!freed) {
      ++progress.stuck;
      stuck.push_back(entry);
      if (stuck.size() == most_stuck) return;
      continue;
    }
    ++progress.versions;
    progress.bytes += *freed;
  }
}

std::vector<DiskName> verify(DiskStore& store, DiskProgress& progress, const OnBadPage& on_bad) {
  std::vector<DiskName> useless;
  std::vector<std::byte> buffer(page_size);
  for (const auto name : store.index().names()) {
    if (progress.stop) break;
    const auto file = store.look_at(name);
    // evicted meanwhile
    if (!file && file.error().code == ErrorCode::not_found) continue;
    ++progress.versions;
    if (file) {
      verify_one(**file, progress, buffer, on_bad);
    } else {
      ++progress.bad;
      if (file.error().code == ErrorCode::corrupt) useless.push_back(name);
    }
  }
  return useless;
}

}  // namespace blobmount
