#include "cache/page_pool.hpp"

#include <new>

#include <sys/mman.h>

namespace blobmount {

namespace {

std::byte* reserve(std::size_t size) {
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // one page at a time is what a fetch touches; a huge page costs more here than all of its small ones
  ::madvise(memory, size, MADV_NOHUGEPAGE);
  return static_cast<std::byte*>(memory);
}

}  // namespace

PagePool::PagePool(const MemoryBudget& budget)
    : budget_(budget), size_(budget.total() / page_size * page_size), memory_(reserve(size_)) {}

PagePool::~PagePool() { ::munmap(memory_, size_); }

std::vector<PageBuffer> PagePool::take(std::size_t count) {
  std::vector<PageBuffer> pages;
  std::vector<std::byte*> taken;
  {
    const MutexLock lock(mutex_);
    if (taken_ + count > limit()) return pages;
    taken.reserve(count);
    while (taken.size() < count) taken.push_back(take_one());
    taken_ += count;
  }
  pages.reserve(count);
  for (auto* const page : taken) pages.emplace_back(page, [this](std::byte* back) { give_back(back); });
  return pages;
}

std::byte* PagePool::take_one() {
  // the one that came back last may still be in the processor's cache
  for (auto* const pages : {&warm_, &cold_}) {
    if (pages->empty()) continue;
    auto* const page = pages->back();
    pages->pop_back();
    return page;
  }
  return memory_ + page_size * untouched_++;
}

void PagePool::give_back(std::byte* page) {
  const MutexLock lock(mutex_);
  --taken_;
  if (taken_ + warm_.size() < limit()) return warm_.push_back(page);
  // the budget has shrunk
  ::madvise(page, page_size, MADV_DONTNEED);
  cold_.push_back(page);
}

bool PagePool::is_over() const {
  const MutexLock lock(mutex_);
  return taken_ > limit();
}

void PagePool::trim() {
  const MutexLock lock(mutex_);
  while (!warm_.empty() && taken_ + warm_.size() > limit()) cool_one();
}

void PagePool::give_back_all() {
  while (give_back_some()) {
  }
}

/// A few at a time: whoever needs a page meanwhile gets one.
bool PagePool::give_back_some() {
  constexpr int most_at_once = 64;
  const MutexLock lock(mutex_);
  for (int i = 0; i < most_at_once && !warm_.empty(); ++i) cool_one();
  return !warm_.empty();
}

void PagePool::cool_one() {
  ::madvise(warm_.back(), page_size, MADV_DONTNEED);
  cold_.push_back(warm_.back());
  warm_.pop_back();
}

std::size_t PagePool::available() const {
  const MutexLock lock(mutex_);
  const auto allowed = limit();
  return allowed - std::min(allowed, taken_);
}

}  // namespace blobmount
