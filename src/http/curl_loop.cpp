#include "http/curl_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <thread>

#include "base/thread.hpp"

namespace blobmount {
namespace {

/// Connections kept open for the next request. Each costs a socket here and nothing at the service.
constexpr long kept_connections = 64;
/// Each has 8 KiB and the TLS sessions of its connections, which spare the next one a round trip.
constexpr std::size_t kept_handles = 64;
/// So late, at most, it is noticed that a limit is broken.
constexpr Duration between_looks{200};
constexpr std::chrono::minutes longest_pause{1};
constexpr Duration pause_after_failed_poll{10};

Error ending() { return {ErrorCode::cancelled, "the mount is ending"}; }

}  // namespace

CurlLoop::CurlLoop(std::string name, std::string ca_file)
    : ca_file_(std::move(ca_file)), multi_(curl_multi_init(), curl_multi_cleanup) {
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kept_connections);
  // curl goes without descriptors for it where there are none left: requests would be heard of by chance
  if (curl_multi_wakeup(multi_.get()) != CURLM_OK) {
    throw std::system_error(EMFILE, std::generic_category(), "start " + name);
  }
  thread_ = start_thread(std::move(name), [this] { run(); });
}

void CurlLoop::start(HttpRequest request, OnResponse done) {
  bool accepted = false;
  {
    const MutexLock lock(mutex_);
    accepted = !ending_;
    if (accepted) {
      wake();
      starts_.push_back({std::move(request), std::move(done)});
    }
  }
  if (!accepted) done(ending());
}

void CurlLoop::run_after(Duration delay, std::function<void()> action) {
  bool accepted = false;
  {
    const MutexLock lock(mutex_);
    accepted = !ending_;
    if (accepted) {
      wake();
      new_timers_.push_back({std::chrono::steady_clock::now() + delay, std::move(action)});
    }
  }
  if (!accepted) action();
}

void CurlLoop::stop() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  curl_multi_wakeup(multi_.get());
  if (thread_.joinable()) thread_.join();
}

void CurlLoop::wake() {
  // the first in the inbox has woken the loop for all; with the lock held, for once it is let go the request
  // may end, and its owner destroy us
  if (starts_.empty() && new_timers_.empty()) curl_multi_wakeup(multi_.get());
}

void CurlLoop::run() {
  while (take_inbox()) {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    finish_ended();
    // after the bytes that wait have been taken: none is silent only because this thread was not looking
    give_up_overdue();
    run_due_timers();
    const auto polled = curl_multi_poll(multi_.get(), nullptr, 0, pause_in_ms(), nullptr);
    // out of memory: that passes, and must not keep a core busy meanwhile
    if (polled != CURLM_OK) std::this_thread::sleep_for(pause_after_failed_poll);
  }
  cancel_all();
}

bool CurlLoop::take_inbox() {
  std::vector<Start> starts;
  {
    const MutexLock lock(mutex_);
    if (ending_) return false;
    starts.swap(starts_);
    for (auto& timer : new_timers_) timers_.emplace(timer.due, std::move(timer.action));
    new_timers_.clear();
  }
  for (auto& start : starts) begin(std::move(start));
  return true;
}

void CurlLoop::begin(Start start) {
  auto transfer = std::make_unique<CurlTransfer>(fresh_handle(), std::move(start.request),
                                                 std::move(start.done), ca_file_);
  CURL* const handle = transfer->handle();
  if (const auto code = curl_multi_add_handle(multi_.get(), handle); code != CURLM_OK) {
    Error error{ErrorCode::internal, std::string("curl: ") + curl_multi_strerror(code)};
    auto outcome = CurlTransfer::give_up(std::move(transfer), std::move(error));
    return deliver(std::move(outcome));
  }
  transfers_.emplace(handle, std::move(transfer));
}

void CurlLoop::finish_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const auto code = message->data.result;  // gone once the handle is removed
    curl_multi_remove_handle(multi_.get(), handle);
    auto transfer = std::move(transfers_.extract(handle).mapped());
    // in two lines: a parameter may live until the end of its line, and the sink with it
    auto outcome = CurlTransfer::finish(std::move(transfer), code);
    deliver(std::move(outcome));
  }
}

void CurlLoop::give_up_overdue() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + between_looks;
  for (auto entry = transfers_.begin(); entry != transfers_.end();) {
    const auto current = entry++;
    auto error = current->second->overdue(now);
    if (!error) continue;
    auto transfer = std::move(transfers_.extract(current).mapped());
    curl_multi_remove_handle(multi_.get(), transfer->handle());  // closes its connection
    auto outcome = CurlTransfer::give_up(std::move(transfer), *std::move(error));
    deliver(std::move(outcome));
  }
}

void CurlLoop::run_due_timers() {
  const auto now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const auto action = std::move(timers_.extract(timers_.begin()).mapped());
    action();
  }
}

int CurlLoop::pause_in_ms() const {
  const auto now = std::chrono::steady_clock::now();
  auto until = now + longest_pause;
  if (!timers_.empty()) until = std::min(until, timers_.begin()->first);
  if (!transfers_.empty()) until = std::min(until, next_look_);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<int>(std::max<std::int64_t>(ms, 0));
}

void CurlLoop::cancel_all() {
  std::vector<Start> starts;
  {
    const MutexLock lock(mutex_);
    starts.swap(starts_);
    for (auto& timer : new_timers_) timers_.emplace(timer.due, std::move(timer.action));
    new_timers_.clear();
  }
  for (auto& start : starts) start.done(ending());
  while (!transfers_.empty()) {
    auto transfer = std::move(transfers_.extract(transfers_.begin()).mapped());
    curl_multi_remove_handle(multi_.get(), transfer->handle());
    auto outcome = CurlTransfer::give_up(std::move(transfer), ending());
    deliver(std::move(outcome));
  }
  for (auto& [due, action] : timers_) action();
  timers_.clear();
}

CurlHandle CurlLoop::fresh_handle() {
  if (idle_.empty()) {
    CurlHandle fresh{curl_easy_init(), curl_easy_cleanup};
    if (!fresh) throw std::bad_alloc();
    return fresh;
  }
  auto handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void CurlLoop::deliver(CurlTransfer::Outcome outcome) {
  if (idle_.size() < kept_handles) idle_.push_back(std::move(outcome.handle));
  outcome.done(std::move(outcome.response));
}

}  // namespace blobmount
