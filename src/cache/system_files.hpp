#pragma once

/// Files of the operating system.

#include <memory>
#include <string>
#include <utility>

#include <unistd.h>

#include "blobmount/result.hpp"

#include "cache/files.hpp"

namespace blobmount {

/// Owns a file descriptor; negative: none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

/// What errno says after `activity` failed: "open 'x': No such file or directory".
Error system_error(const std::string& activity);

/// `directory` is open. `lock` stays open as long as the CacheDirectory lives.
std::unique_ptr<CacheDirectory> system_directory(Descriptor directory, Descriptor lock);

}  // namespace blobmount
