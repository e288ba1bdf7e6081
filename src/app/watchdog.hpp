#pragma once

/// Tells the service manager that the mount is alive, for as long as that can be proved.

#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

namespace blobmount {

/// A thread, or some, that everything else depends on.
struct Vital {
  std::string name;  ///< for people
  /// Have the thread call `done`, each of them if it is several. Does not block. After the end of what it
  /// stands for, `done` may never be called.
  std::function<void(std::function<void()> done)> ask;
  unsigned answers = 1;  ///< calls of `done`
};

class Watchdog {
 public:
  /// Asks the vitals, and looks each quarter of `interval`: once all have answered, `alive` runs, and they
  /// are asked again; so an answer that a look has missed is still in time. Nothing is asked while one is
  /// missing; the log hears which. It does not ask the mount itself: where that is stuck, so would be who
  /// asks. What is given outlives it. Throws std::system_error where there is no thread left.
  Watchdog(Duration interval, std::vector<Vital> vitals, std::function<void()> alive, Log& log);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  /// Of one time of asking; answers may come when the Watchdog is gone.
  struct Round;

  void run() BM_EXCLUDES(mutex_);
  std::shared_ptr<Round> ask();
  /// False: it is to end.
  bool pause() BM_EXCLUDES(mutex_);

  const Duration pause_;
  const std::vector<Vital> vitals_;
  const std::function<void()> alive_;
  Log& log_;

  Mutex mutex_;
  std::condition_variable ended_;
  bool ending_ BM_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace blobmount
