#pragma once

/// A fixed number of threads that run what is submitted, in order of arrival.

#include <condition_variable>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/annotated_mutex.hpp"

namespace blobmount {

class WorkerPool {
 public:
  /// Threads called "name/N". Throws std::system_error where the system has no more of them.
  WorkerPool(const std::string& name, int threads);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Run `task` on one of the threads. Never blocks. Safe to use from any thread, those of the pool included.
  /// After stop() has begun, `task` runs before this returns.
  void submit(std::function<void()> task) BM_EXCLUDES(mutex_);
  /// Run what was submitted, then end the threads. Not from a task.
  void stop() BM_EXCLUDES(mutex_);

 private:
  WorkerPool() = default;
  void run() BM_EXCLUDES(mutex_);

  Mutex mutex_;
  std::condition_variable work_;
  std::deque<std::function<void()>> tasks_ BM_GUARDED_BY(mutex_);
  bool ending_ BM_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;
};

}  // namespace blobmount
