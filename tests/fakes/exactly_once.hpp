#pragma once

/// A completion that fails the test unless it runs exactly once: the rule that makes all compositions safe.

#include <atomic>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "blobmount/blob_store.hpp"

namespace blobmount::tests {

template <typename T>
Completion<T> exactly_once(Completion<T> done) {
  struct Witness {
    std::atomic<int> runs{0};
    ~Witness() { EXPECT_EQ(runs, 1) << "a completion runs exactly once"; }
  };
  return [witness = std::make_shared<Witness>(), done = std::move(done)](Result<T> outcome) {
    EXPECT_EQ(++witness->runs, 1) << "a completion runs exactly once";
    done(std::move(outcome));
  };
}

}  // namespace blobmount::tests
