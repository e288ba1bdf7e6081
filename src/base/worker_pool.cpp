#include "base/worker_pool.hpp"

#include <utility>

#include "base/thread.hpp"

namespace blobmount {

// delegates, so that the destructor ends the threads there are when there can be no more
WorkerPool::WorkerPool(const std::string& name, int threads) : WorkerPool() {
  for (int i = 0; i < threads; ++i) {
    threads_.push_back(start_thread(name + "/" + std::to_string(i), [this] { run(); }));
  }
}

void WorkerPool::submit(std::function<void()> task) {
  bool queued = false;
  {
    const MutexLock lock(mutex_);
    queued = !ending_;
    if (queued) {
      tasks_.push_back(std::move(task));
      // with the lock held: once it is free the task may run, and let somebody destroy the pool
      work_.notify_one();
    }
  }
  if (!queued) task();
}

void WorkerPool::stop() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  work_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::run() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      while (tasks_.empty() && !ending_) work_.wait(lock.native());
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace blobmount
