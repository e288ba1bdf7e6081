#pragma once

/// An answer with a body on its way to the wire, and what a Fault does to it there.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "blobmount/http.hpp"

#include "fakes/fault_rules.hpp"
#include "fakes/reply.hpp"

namespace blobmount::tests {

struct Answer {
  int status = 200;
  HttpHeaders headers{};  ///< without Content-Length
  std::uint64_t length = 0;
  /// Send `length` bytes of the body from `offset`.
  std::function<bool(Reply&, std::uint64_t offset, std::uint64_t length)> send_part{};
};

/// Faults that leave no answer at all. True if `fault` was one, and is done.
bool strike_before_head(const Fault& fault, Reply& reply);

/// Send `answer` at `bytes_per_second` (0: no limit), spoilt by `fault`.
void send_answer(Answer answer, const std::optional<Fault>& fault, double bytes_per_second, Reply& reply);

/// How much of a body of `length` is sent, if the client stays to the end.
std::uint64_t length_despite(const std::optional<Fault>& fault, std::uint64_t length);

}  // namespace blobmount::tests
