#pragma once

/// Noise that is the same in every run: a number in, a number out, no state.

#include <cstdint>

namespace blobmount::tests {

/// splitmix64: https://prng.di.unimi.it/splitmix64.c
constexpr std::uint64_t mixed(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

/// The same as a fraction, from 0 to 1.
constexpr double chance(std::uint64_t number) { return static_cast<double>(mixed(number) >> 11) * 0x1p-53; }

}  // namespace blobmount::tests
