#include "base/wiped_memory.hpp"

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

/// A block of malloc() with `text` in it.
void* block_of(std::string_view text) {
  void* const block = std::malloc(text.size());
  std::memcpy(block, text.data(), text.size());
  return block;
}

std::string_view text_in(const void* block, std::size_t size) {
  return {static_cast<const char*>(block), size};
}

TEST(WipedMemory, OfABlockNothingIsLeft) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, longest_wiped - 64}) {
    void* const block = block_of(std::string(size, 'x'));

    wipe(block);

    EXPECT_EQ(text_in(block, size), std::string(size, '\0'));
    std::free(block);
  }
}

TEST(WipedMemory, WhatIsTooLongForASecretIsLeftAsItIs) {
  const std::string text(longest_wiped + 1, 'x');
  void* const block = block_of(text);

  wipe(block);

  EXPECT_EQ(text_in(block, text.size()), text);
  std::free(block);
}

TEST(WipedMemory, KeepsItsContentWhenItGrowsAndShrinks) {
  const std::string text(1000, 'x');
  void* block = block_of(text);

  block = wiped_realloc(block, 5000);
  EXPECT_EQ(text_in(block, text.size()), text);
  block = wiped_realloc(block, 10);
  EXPECT_EQ(text_in(block, 10), text.substr(0, 10));

  wipe_and_free(block);
}

TEST(WipedMemory, LongBlocksKeepItToo) {
  const std::string text(longest_wiped + 1, 'x');
  void* const block = wiped_realloc(block_of(text), 2 * text.size());

  EXPECT_EQ(text_in(block, text.size()), text);

  wipe_and_free(block);
}

TEST(WipedMemory, OfNothingAllocatesAndToNothingFrees) {
  void* const block = wiped_realloc(nullptr, 10);
  ASSERT_NE(block, nullptr);

  EXPECT_EQ(wiped_realloc(block, 0), nullptr);
  wipe_and_free(nullptr);
}

}  // namespace
}  // namespace blobmount
