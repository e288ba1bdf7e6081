#include "base/wiped_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <malloc.h>
#include <string.h>

namespace blobmount {

// not to be inlined: who sees how much was asked for would call the rest of the block a writing too far
[[gnu::noinline]] void wipe(void* memory) noexcept {
  const auto size = ::malloc_usable_size(memory);
  if (size <= longest_wiped) ::explicit_bzero(memory, size);
}

void wipe_and_free(void* memory) noexcept {
  if (memory == nullptr) return;
  wipe(memory);
  std::free(memory);
}

void* wiped_realloc(void* memory, std::size_t size) noexcept {
  if (memory == nullptr) return std::malloc(size);
  if (size == 0) {
    wipe_and_free(memory);
    return nullptr;
  }
  const auto old_size = ::malloc_usable_size(memory);
  if (old_size > longest_wiped) return std::realloc(memory, size);
  void* const moved = std::malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, std::min(old_size, size));
  wipe_and_free(memory);
  return moved;
}

}  // namespace blobmount
