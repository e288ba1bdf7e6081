/// Each sanitizer that the build says it has is really on, and what it finds is fatal. In builds without
/// them there is nothing here.

#include <cstdlib>
#include <limits>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BM_ADDRESS_SANITIZER
#endif
#if __has_feature(thread_sanitizer)
#define BM_THREAD_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define BM_ADDRESS_SANITIZER
#endif
#if defined(__SANITIZE_THREAD__)
#define BM_THREAD_SANITIZER
#endif

namespace blobmount {
namespace {

#if defined(BM_ADDRESS_SANITIZER)
// the presets have it together with undefined

// The results go to volatile objects: an optimizer leaves out what nobody looks at, and the defect with it.

void read_behind_the_end() {
  const auto bytes = std::make_unique<char[]>(16);
  const volatile std::size_t behind = 16;
  [[maybe_unused]] const volatile char seen = bytes[behind];
}

void overflow() {
  const volatile int largest = std::numeric_limits<int>::max();
  [[maybe_unused]] const volatile int more = largest + 1;
}

TEST(SanitizerDeathTest, AReadBehindTheEndOfTheHeapsMemoryIsFatal) {
  EXPECT_DEATH(read_behind_the_end(), "heap-buffer-overflow");
}

TEST(SanitizerDeathTest, ASignedOverflowIsFatal) {
  EXPECT_DEATH(overflow(), "signed integer overflow");
}
#endif

#if defined(BM_THREAD_SANITIZER)
/// What a program that raced ends with. https://github.com/google/sanitizers/wiki/ThreadSanitizerFlags
constexpr int raced = 66;

void race() {
  int number = 0;
  std::thread one([&] { ++number; });
  std::thread other([&] { ++number; });
  one.join();
  other.join();
}

TEST(SanitizerDeathTest, ADataRaceIsFatal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT((race(), std::exit(EXIT_SUCCESS)), testing::ExitedWithCode(raced), "data race");
}
#endif

}  // namespace
}  // namespace blobmount
