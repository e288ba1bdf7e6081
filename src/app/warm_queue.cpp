#include "app/warm_queue.hpp"

#include <algorithm>
#include <utility>

namespace blobmount {
namespace {

/// The walk runs so many files ahead.
constexpr std::size_t most_fresh = 4096;

/// Each is to stay among the files that the mount's cache keeps open, 256 where there are few descriptors:
/// only those count as checked.
constexpr std::size_t most_settling = 64;
constexpr std::size_t settled_at_once = 32;

/// What a disk that is slower than the network may have before it: all of it is held in memory until it is
/// written, or else dropped.
constexpr std::uint64_t most_unwritten = 32ULL << 20U;

/// A file of which much was dropped does not keep others from being read.
std::uint64_t unwritten(const WarmJob& job) {
  const auto size = job.file ? job.file->size() : job.size;
  return std::min(size - std::min(job.cached, size), most_unwritten / 2);
}

}  // namespace

bool WarmQueue::add(WarmJob job) {
  MutexLock lock(mutex_);
  while (!stopped_ && fresh_.size() >= most_fresh) changed_.wait(lock.native());
  if (stopped_) return false;
  fresh_.push_back(std::move(job));
  changed_.notify_all();
  return true;
}

void WarmQueue::no_more() {
  const MutexLock lock(mutex_);
  all_added_ = true;
  changed_.notify_all();
}

std::optional<WarmJob> WarmQueue::next_to_read() {
  MutexLock lock(mutex_);
  while (!over() && again_.empty() && !may_read_more()) changed_.wait(lock.native());
  if (over()) return std::nullopt;
  auto& from = again_.empty() ? fresh_ : again_;
  auto job = std::move(from.front());
  from.pop_front();
  ++handed_out_;
  changed_.notify_all();
  return job;
}

std::vector<WarmJob> WarmQueue::next_to_settle() {
  MutexLock lock(mutex_);
  while (!over() && settling_.empty()) changed_.wait(lock.native());
  std::vector<WarmJob> jobs;
  while (!stopped_ && !settling_.empty() && jobs.size() < settled_at_once) {
    unwritten_ -= unwritten(settling_.front());
    jobs.push_back(std::move(settling_.front()));
    settling_.pop_front();
  }
  handed_out_ += jobs.size();
  changed_.notify_all();
  return jobs;
}

void WarmQueue::settle(WarmJob job) {
  const MutexLock lock(mutex_);
  unwritten_ += unwritten(job);
  settling_.push_back(std::move(job));
  --handed_out_;
  changed_.notify_all();
}

void WarmQueue::read_again(WarmJob job) {
  const MutexLock lock(mutex_);
  again_.push_back(std::move(job));
  --handed_out_;
  changed_.notify_all();
}

void WarmQueue::finished() {
  const MutexLock lock(mutex_);
  --handed_out_;
  changed_.notify_all();
}

bool WarmQueue::stop() {
  const MutexLock lock(mutex_);
  changed_.notify_all();
  return !std::exchange(stopped_, true);
}

bool WarmQueue::stopped() const {
  const MutexLock lock(mutex_);
  return stopped_;
}

bool WarmQueue::over() const {
  return stopped_ ||
         (all_added_ && fresh_.empty() && again_.empty() && settling_.empty() && handed_out_ == 0);
}

bool WarmQueue::may_read_more() const {
  return !fresh_.empty() && settling_.size() < most_settling && unwritten_ < most_unwritten;
}

}  // namespace blobmount
