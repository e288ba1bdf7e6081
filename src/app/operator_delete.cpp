/// `delete` wipes what it frees: a token passes through strings that grow, and through the JSON parser, which
/// leave their old blocks behind. operator new stays the library's, which takes its memory from malloc() and
/// aligned_alloc(), as libstdc++ and libc++ do. Not linked in with a sanitizer, which compares how memory
/// came with how it goes.

#include <cstddef>
#include <new>

#include "base/wiped_memory.hpp"

// those for arrays call these: https://en.cppreference.com/w/cpp/memory/new/operator_delete
void operator delete(void* memory) noexcept { blobmount::wipe_and_free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { blobmount::wipe_and_free(memory); }
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  blobmount::wipe_and_free(memory);
}
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  blobmount::wipe_and_free(memory);
}
