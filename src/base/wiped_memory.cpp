#include "base/wiped_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <malloc.h>
#include <string.h>

namespace blobmount {

void wipe_and_free(void* memory) noexcept {
  if (memory == nullptr) return;
  const auto size = ::malloc_usable_size(memory);
  if (size <= longest_wiped) ::explicit_bzero(memory, size);
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
