#pragma once

/// A thread that drives many transfers, and timers, on one curl multi handle, by its sockets. The only code
/// that knows curl_multi_*. https://curl.se/libcurl/c/curl_multi_socket_action.html

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <curl/curl.h>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "http/body_gate.hpp"
#include "http/curl_limits.hpp"
#include "http/curl_transfer.hpp"
#include "http/socket_events.hpp"

namespace blobmount {

class CurlLoop {
 public:
  /// `ca_file`: PEM, or empty for the system's. At most `limits.connections` are open at a time, those kept
  /// for later included: do not start more transfers than that at once, their time would run while curl lets
  /// them wait. Throws std::system_error where the system has no descriptor or thread left.
  CurlLoop(std::string name, std::string ca_file, CurlLimits limits);
  ~CurlLoop() { stop(); }
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// As HttpTransport::start. Completions run on the loop's thread.
  void start(HttpRequest request, OnResponse done) BM_EXCLUDES(mutex_);
  /// As Scheduler::run_after.
  void run_after(Duration delay, std::function<void()> action) BM_EXCLUDES(mutex_);
  /// Complete with `cancelled` all that is under way, run all timers, and end the thread. What is started
  /// afterwards is cancelled at once. Not from a completion.
  void stop() BM_EXCLUDES(mutex_);

 private:
  struct Start {
    HttpRequest request;
    OnResponse done;
  };
  struct Timer {
    SteadyTime due;
    std::function<void()> action;
  };

  void wake() BM_REQUIRES(mutex_);
  void run();
  /// Takes in what other threads have left; false: the loop is to end.
  bool take_inbox() BM_EXCLUDES(mutex_);
  void begin(Start start);
  void run_curl_timer();
  /// Wait for sockets until the next thing is due, and let curl read and write them.
  void drive_sockets();
  /// Those of which curl could take more, though the kernel may have nothing left.
  [[nodiscard]] std::vector<int> unread_sockets() const;
  /// Those that the limit of bytes allows to go on.
  void resume_held();
  void finish_ended();
  void finish(CURL* handle, CURLcode code);
  void give_up_overdue(SteadyTime now);
  void run_due_timers();
  [[nodiscard]] int pause_in_ms() const;
  void cancel_all();
  CurlHandle fresh_handle();
  void deliver(CurlTransfer::Outcome outcome);

  // noexcept: nothing may be thrown through curl's frames
  static int on_socket(CURL* handle, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int on_timer(CURLM* multi, long ms, void* self) noexcept;

  const std::string ca_file_;

  Mutex mutex_;
  std::vector<Start> starts_ BM_GUARDED_BY(mutex_);
  std::vector<Timer> new_timers_ BM_GUARDED_BY(mutex_);
  bool ending_ BM_GUARDED_BY(mutex_) = false;

  // The loop thread's own, but for SocketEvents::wake().
  SocketEvents events_;
  std::unordered_map<int, CURL*> users_;  ///< of the sockets that curl watches
  BodyGate gate_;
  SteadyTime curl_due_ = SteadyTime::max();
  std::unique_ptr<CURLSH, decltype(&curl_share_cleanup)> sessions_;
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  std::vector<CurlHandle> idle_;
  std::unordered_map<CURL*, std::unique_ptr<CurlTransfer>> transfers_;
  SteadyTime next_look_{};  ///< for transfers that are overdue
  std::multimap<SteadyTime, std::function<void()>> timers_;

  std::thread thread_;
};

}  // namespace blobmount
