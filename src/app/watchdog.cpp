#include "app/watchdog.hpp"

#include <atomic>
#include <utility>

#include "base/thread.hpp"

namespace blobmount {

struct Watchdog::Round {
  explicit Round(const std::vector<Vital>& vitals) : missing(vitals.size()) {
    for (std::size_t i = 0; i < vitals.size(); ++i) missing[i] = vitals[i].answers;
  }

  std::vector<std::atomic<unsigned>> missing;  ///< answers, of each
};

Watchdog::Watchdog(Duration interval, std::vector<Vital> vitals, std::function<void()> alive, Log& log)
    : pause_(interval / 4),
      vitals_(std::move(vitals)),
      alive_(std::move(alive)),
      log_(log),
      thread_(start_thread("watchdog", [this] { run(); })) {}

Watchdog::~Watchdog() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Watchdog::run() {
  auto round = ask();
  while (pause()) {
    bool all = true;
    for (std::size_t i = 0; i < vitals_.size(); ++i) {
      if (round->missing[i] == 0) continue;
      all = false;
      log_.error("the watchdog gets no answer", {{"from", vitals_[i].name}});
    }
    if (!all) continue;
    alive_();
    round = ask();
  }
}

std::shared_ptr<Watchdog::Round> Watchdog::ask() {
  auto round = std::make_shared<Round>(vitals_);
  for (std::size_t i = 0; i < vitals_.size(); ++i) vitals_[i].ask([round, i] { --round->missing[i]; });
  return round;
}

bool Watchdog::pause() {
  const auto until = std::chrono::steady_clock::now() + pause_;
  MutexLock lock(mutex_);
  while (!ending_) {
    if (ended_.wait_until(lock.native(), until) == std::cv_status::timeout) return !ending_;
  }
  return false;
}

}  // namespace blobmount
