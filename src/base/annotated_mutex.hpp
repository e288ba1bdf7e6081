#pragma once

/// std::mutex with clang's thread-safety annotations: under clang, an access without the lock is an error.
/// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html

#include <mutex>

#if defined(__clang__)
#define BM_ATTRIBUTE(x) __attribute__((x))
#else
#define BM_ATTRIBUTE(x)
#endif

#define BM_GUARDED_BY(mutex) BM_ATTRIBUTE(guarded_by(mutex))
#define BM_REQUIRES(mutex) BM_ATTRIBUTE(requires_capability(mutex))
#define BM_EXCLUDES(mutex) BM_ATTRIBUTE(locks_excluded(mutex))

namespace blobmount {

class BM_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() BM_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() BM_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

  /// For Clock::wait_until and condition variables, which take the standard's lock.
  std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
};

class BM_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) BM_ATTRIBUTE(acquire_capability(mutex)) : lock_(mutex.native()) {}
  ~MutexLock() BM_ATTRIBUTE(release_capability()) = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  /// For condition variables, which let go of the lock and take it again.
  std::unique_lock<std::mutex>& native() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace blobmount
