#include "fakes/faulty_body.hpp"

#include <algorithm>
#include <utility>

#include "fakes/service_error.hpp"

namespace blobmount::tests {
namespace {

std::uint64_t shifted(std::uint64_t number, std::int64_t by) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(static_cast<std::int64_t>(number) + by, 0));
}

/// "bytes 100-199/1000", some bytes further on.
std::string shifted_range(const std::string& text, std::int64_t by) {
  const auto first = std::stoull(text.substr(text.find(' ') + 1));
  const auto last = std::stoull(text.substr(text.find('-') + 1));
  return "bytes " + std::to_string(shifted(first, by)) + "-" + std::to_string(shifted(last, by)) +
         text.substr(text.find('/'));
}

/// The lies that stand in the head.
void spoil_head(Answer& answer, const Fault& fault) {
  const auto range = answer.headers.get("Content-Range");
  if (fault.kind == FaultKind::wrong_etag) answer.headers.set("ETag", "\"0xBADBADBADBADBAD\"");
  if (fault.kind == FaultKind::wrong_range && range) {
    answer.headers.set("Content-Range", shifted_range(std::string(*range), fault.bytes));
  }
}

/// After how many bytes of the body `fault` does what it does; nothing for those that leave its flow alone.
std::optional<std::uint64_t> strikes_at(const Fault& fault, std::uint64_t length) {
  switch (fault.kind) {
    case FaultKind::reset:
    case FaultKind::truncate:
    case FaultKind::stall:
    case FaultKind::drip:
      return std::min(shifted(0, fault.bytes), length);
    default:
      return std::nullopt;
  }
}

void strike(const Fault& fault, Reply& reply) {
  switch (fault.kind) {
    case FaultKind::reset:
      return reply.reset();
    case FaultKind::truncate:
      return reply.close();
    case FaultKind::drip:
      return reply.set_rate(fault.rate);
    case FaultKind::stall:
      if (fault.time.count() == 0) return reply.stall();
      reply.wait(fault.time);
      return;
    default:
      return;
  }
}

}  // namespace

bool strike_before_head(const Fault& fault, Reply& reply) {
  if (fault.kind == FaultKind::status) {
    ServiceError error{.status = fault.status, .code = fault.code, .message = "As ordered."};
    if (fault.retry_after.count() > 0)
      error.headers.add("Retry-After", std::to_string(fault.retry_after.count()));
    send_error(reply, error);
    return true;
  }
  const bool silent = fault.kind == FaultKind::reset || fault.kind == FaultKind::stall;
  if (!silent || fault.bytes > 0) return false;
  strike(fault, reply);
  return !reply.open();  // a stall that is over goes on as if nothing had been
}

void send_answer(Answer answer, const std::optional<Fault>& fault, double bytes_per_second, Reply& reply) {
  auto announced = answer.length;
  if (fault) spoil_head(answer, *fault);
  if (fault && fault->kind == FaultKind::wrong_length) announced = shifted(announced, fault->bytes);
  answer.headers.add("Content-Length", std::to_string(announced));
  if (!reply.send_head(answer.status, answer.headers) || reply.head_only()) return;

  reply.set_rate(bytes_per_second);
  const auto length = std::min(announced, answer.length);
  const auto place = fault ? strikes_at(*fault, length) : std::nullopt;
  const auto before = place.value_or(length);
  if (!answer.send_part(reply, 0, before)) return;
  // a stall of no bytes has been before the head
  if (place && (fault->kind != FaultKind::stall || fault->bytes > 0)) strike(*fault, reply);
  answer.send_part(reply, before, length - before);
  if (announced > length) reply.close();
}

std::uint64_t length_despite(const std::optional<Fault>& fault, std::uint64_t length) {
  if (!fault) return length;
  const bool ends = fault->kind == FaultKind::reset || fault->kind == FaultKind::truncate ||
                    (fault->kind == FaultKind::stall && fault->time.count() == 0);
  if (ends) return *strikes_at(*fault, length);
  return fault->kind == FaultKind::wrong_length ? std::min(length, shifted(length, fault->bytes)) : length;
}

}  // namespace blobmount::tests
