#pragma once

/// A BodySink that keeps what comes, and can refuse.

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "blobmount/http.hpp"

namespace blobmount::tests {

class CollectingSink final : public BodySink {
 public:
  struct Orders {
    std::optional<Error> refuse_head{};
    std::optional<Error> refuse_body{};
    std::function<bool()> wanted = [] { return true; };
  };
  CollectingSink() = default;
  explicit CollectingSink(Orders orders) : orders_(std::move(orders)) {}

  Status begin(const HttpResponse& head, ByteRange range) override {
    heads_.push_back(head);
    ranges_.push_back(range);
    if (orders_.refuse_head) return *orders_.refuse_head;
    return {};
  }
  Status append(std::span<const std::byte> bytes) override {
    if (orders_.refuse_body) return *orders_.refuse_body;
    std::transform(bytes.begin(), bytes.end(), std::back_inserter(text_),
                   [](std::byte byte) { return static_cast<char>(byte); });
    return {};
  }
  [[nodiscard]] bool wanted() override { return orders_.wanted(); }
  [[nodiscard]] std::uint64_t received() const override { return text_.size(); }

  /// What begin() was told, once for each try that got so far.
  [[nodiscard]] const std::vector<HttpResponse>& heads() const { return heads_; }
  [[nodiscard]] const std::vector<ByteRange>& ranges() const { return ranges_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  const Orders orders_{};
  std::vector<HttpResponse> heads_;
  std::vector<ByteRange> ranges_;
  std::string text_;
};

}  // namespace blobmount::tests
