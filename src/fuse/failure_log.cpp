#include "fuse/failure_log.hpp"

#include <string.h>

#include "base/annotated_mutex.hpp"

namespace blobmount {
namespace {

/// 1,234
std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3; place > 0; place -= 3)
    text.insert(static_cast<std::size_t>(place), ",");
  return text;
}

void write(Log& log, LogLevel level, const FailedOperation& operation, int number, const Error& error) {
  static const FailedRequest none;
  const auto& request = error.request ? *error.request : none;
  const char* const symbol = ::strerrorname_np(number);
  log.write(level, "operation failed",
            {{"operation", operation.name},
             {"path", operation.path},
             {"errno", symbol == nullptr ? std::to_string(number) : symbol},
             {"error", name_of(error.code)},
             {"status", request.status == 0 ? "" : std::to_string(request.status)},
             {"service_code", request.service_code},
             {"request_id", request.id},
             {"client_request_id", request.client_id},
             {"reason", error.message}});
}

}  // namespace

bool is_expected(std::string_view operation, ErrorCode error) {
  switch (error) {
    case ErrorCode::not_found:
    case ErrorCode::already_exists:
    case ErrorCode::not_empty:
    case ErrorCode::not_a_directory:
    case ErrorCode::is_a_directory:
    case ErrorCode::name_too_long:
    case ErrorCode::cancelled:
      return true;
    case ErrorCode::changed:
      return operation == "open";  // the kernel looks the name up again, and opens what is there now
    default:
      return false;
  }
}

/// What is counted, and its timers.
class FailureLog::Flood : public std::enable_shared_from_this<Flood> {
 public:
  Flood(Log& log, Clock& clock, Scheduler& scheduler, FloodGate::Rule rule)
      : log_(log), clock_(clock), scheduler_(scheduler), gate_(rule) {}

  /// Whether it is to be told now.
  bool admits(const FailedOperation& operation, ErrorCode error) BM_EXCLUDES(mutex_) {
    const auto kind = std::string(operation.name).append(" ").append(name_of(error));
    const auto now = clock_.now();
    FloodGate::Verdict verdict{};
    Duration left{0};
    {
      const MutexLock lock(mutex_);
      verdict = gate_.on_event(kind, operation.path, now);
      left = gate_.time_left(kind, now);
    }
    if (verdict == FloodGate::Verdict::count_the_first) {
      scheduler_.run_after(left, [self = shared_from_this(), kind, name = std::string(operation.name),
                                  error] { self->tell_rest(kind, name, error); });
    }
    return verdict == FloodGate::Verdict::tell;
  }

 private:
  void tell_rest(const std::string& kind, const std::string& operation, ErrorCode error) BM_EXCLUDES(mutex_) {
    FloodGate::Rest rest;
    {
      const MutexLock lock(mutex_);
      rest = gate_.take(kind, clock_.now());
    }
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(rest.since).count();
    log_.warning("and " + with_commas(rest.count) + " more like this in " + std::to_string(seconds) + " s",
                 {{"operation", operation}, {"error", name_of(error)}, {"count", rest.count}});
  }

  Log& log_;
  Clock& clock_;
  Scheduler& scheduler_;

  Mutex mutex_;
  FloodGate gate_ BM_GUARDED_BY(mutex_);
};

FailureLog::FailureLog(Log& log, Clock& clock, Scheduler& scheduler, FloodGate::Rule rule)
    : log_(log), flood_(std::make_shared<Flood>(log, clock, scheduler, rule)) {}

void FailureLog::failed(const FailedOperation& operation, int number, const Error& error) {
  if (is_expected(operation.name, error.code)) return write(log_, LogLevel::debug, operation, number, error);
  if (flood_->admits(operation, error.code)) write(log_, LogLevel::warning, operation, number, error);
}

}  // namespace blobmount
