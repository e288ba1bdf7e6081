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
constexpr std::size_t kept_handles = 64;
constexpr int longest_pause_ms = 60'000;
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

void CurlLoop::run_due_timers() {
  const auto now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const auto action = std::move(timers_.extract(timers_.begin()).mapped());
    action();
  }
}

int CurlLoop::pause_in_ms() const {
  if (timers_.empty()) return longest_pause_ms;
  const auto until = timers_.begin()->first - std::chrono::steady_clock::now();
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(until).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, longest_pause_ms));
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
