#include "http/openssl_memory.hpp"

#include <cstddef>
#include <cstdlib>

#include <openssl/crypto.h>

#include "base/wiped_memory.hpp"

namespace blobmount {

bool wipe_what_openssl_frees() {
  return CRYPTO_set_mem_functions(
             [](std::size_t size, const char*, int) { return std::malloc(size); },
             [](void* memory, std::size_t size, const char*, int) { return wiped_realloc(memory, size); },
             [](void* memory, const char*, int) { wipe_and_free(memory); }) == 1;
}

}  // namespace blobmount
