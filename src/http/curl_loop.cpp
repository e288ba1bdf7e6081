#include "http/curl_loop.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "base/thread.hpp"
#include "http/mount_is_ending.hpp"
#include "http/tls_read_ahead.hpp"

namespace blobmount {
namespace {

/// Connections kept open for the next request. Each costs a socket here and nothing at the service.
constexpr long kept_connections = 64;
/// Each has 8 KiB.
constexpr std::size_t kept_handles = 64;
/// So late, at most, it is noticed that a limit is broken.
constexpr Duration between_looks{200};
constexpr std::chrono::minutes longest_pause{1};

}  // namespace

CurlLoop::CurlLoop(std::string name, std::string ca_file, CurlLimits limits)
    : ca_file_(std::move(ca_file)),
      gate_(limits.bytes),
      sessions_(curl_share_init(), curl_share_cleanup),
      multi_(curl_multi_init(), curl_multi_cleanup) {
  if (!multi_ || !sessions_) throw std::bad_alloc();
  const auto set = [this](CURLMoption option, auto value) { curl_multi_setopt(multi_.get(), option, value); };
  set(CURLMOPT_MAXCONNECTS, kept_connections);
  set(CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(limits.connections));
  set(CURLMOPT_SOCKETFUNCTION, on_socket);
  set(CURLMOPT_SOCKETDATA, static_cast<void*>(this));
  set(CURLMOPT_TIMERFUNCTION, on_timer);
  set(CURLMOPT_TIMERDATA, static_cast<void*>(this));
  // a new connection resumes the session of an earlier one, whichever handle had that. No locks: the loop's
  // thread alone uses it. https://curl.se/libcurl/c/CURLSHOPT_SHARE.html
  curl_share_setopt(sessions_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
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
  if (!accepted) done(mount_is_ending());
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
  events_.wake();
  if (thread_.joinable()) thread_.join();
}

void CurlLoop::wake() {
  // the first in the inbox has woken the loop for all; with the lock held, for once it is let go the request
  // may end, and its owner destroy us
  if (starts_.empty() && new_timers_.empty()) events_.wake();
}

void CurlLoop::run() {
  while (take_inbox()) {
    const auto now = std::chrono::steady_clock::now();
    resume_held();    // before those that were not held take what there is for them
    drive_sockets();  // the only wait: it takes the wake-ups of what comes meanwhile, and the inbox is next
    run_curl_timer();
    finish_ended();
    // what came before `now` has been taken: none is silent only because this thread was not looking
    give_up_overdue(now);
    run_due_timers();
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
                                                 std::move(start.done), ca_file_, gate_);
  CURL* const handle = transfer->handle();
  if (const auto code = curl_multi_add_handle(multi_.get(), handle); code != CURLM_OK) {
    Error error{ErrorCode::internal, std::string("curl: ") + curl_multi_strerror(code)};
    auto outcome = CurlTransfer::give_up(std::move(transfer), std::move(error));
    return deliver(std::move(outcome));
  }
  transfers_.emplace(handle, std::move(transfer));
}

void CurlLoop::run_curl_timer() {
  if (std::chrono::steady_clock::now() < curl_due_) return;
  curl_due_ = SteadyTime::max();
  int running = 0;
  curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
}

void CurlLoop::drive_sockets() {
  const auto drive = [this](int socket, int able) {
    int running = 0;
    curl_multi_socket_action(multi_.get(), socket, able, &running);
  };
  const auto unread = unread_sockets();
  const auto ready = events_.wait(unread.empty() ? pause_in_ms() : 0);
  for (const int socket : unread) drive(socket, CURL_CSELECT_IN);
  for (const auto& [socket, to_read, to_write] : ready)
    drive(socket, (to_read ? CURL_CSELECT_IN : 0) | (to_write ? CURL_CSELECT_OUT : 0));
}

std::vector<int> CurlLoop::unread_sockets() const {
  std::vector<int> sockets;
  for (const auto& [socket, user] : users_) {
    if (unread(user)) sockets.push_back(socket);
  }
  return sockets;
}

int CurlLoop::on_socket(CURL* handle, curl_socket_t socket, int what, void* self, void* /*ours*/) noexcept {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    loop.users_.erase(socket);
    loop.events_.forget(socket);
  } else {
    loop.users_[socket] = handle;
    loop.events_.watch(socket, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
  }
  return 0;
}

int CurlLoop::on_timer(CURLM* /*multi*/, long ms, void* self) noexcept {
  static_cast<CurlLoop*>(self)->curl_due_ =
      ms < 0 ? SteadyTime::max() : std::chrono::steady_clock::now() + Duration{ms};
  return 0;
}

void CurlLoop::finish_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    finish(message->easy_handle, message->data.result);
  }
}

void CurlLoop::finish(CURL* handle, CURLcode code) {
  curl_multi_remove_handle(multi_.get(), handle);
  auto transfer = std::move(transfers_.extract(handle).mapped());
  // in two lines: a parameter may live until the end of its line, and the sink with it
  auto outcome = CurlTransfer::finish(std::move(transfer), code);
  deliver(std::move(outcome));
}

void CurlLoop::resume_held() {
  const auto now = std::chrono::steady_clock::now();
  while (CURL* const handle = gate_.next(now)) {
    // what curl has kept goes to the sink at once; where that refuses it, nobody but us is told
    if (const auto code = transfers_.at(handle)->resume(now); code != CURLE_OK) finish(handle, code);
  }
}

void CurlLoop::give_up_overdue(SteadyTime now) {
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
  auto until = std::min({now + longest_pause, curl_due_, gate_.due(now)});
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
  for (auto& start : starts) start.done(mount_is_ending());
  while (!transfers_.empty()) {
    auto transfer = std::move(transfers_.extract(transfers_.begin()).mapped());
    curl_multi_remove_handle(multi_.get(), transfer->handle());
    auto outcome = CurlTransfer::give_up(std::move(transfer), mount_is_ending());
    deliver(std::move(outcome));
  }
  for (auto& [due, action] : timers_) action();
  timers_.clear();
}

CurlHandle CurlLoop::fresh_handle() {
  if (idle_.empty()) {
    CurlHandle fresh{curl_easy_init(), curl_easy_cleanup};
    if (!fresh) throw std::bad_alloc();
    curl_easy_setopt(fresh.get(), CURLOPT_SHARE, sessions_.get());  // a reset keeps it
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
