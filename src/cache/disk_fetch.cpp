#include "cache/disk_fetch.hpp"

#include <vector>

namespace blobmount {
namespace {

using OnPage = std::function<void(std::uint64_t, const PageBuffer&)>;

std::vector<PageBuffer> buffers_of(const DividedFetch& whole, PageRange pages) {
  std::vector<PageBuffer> buffers;
  for (auto page = pages.first; page < pages.end(); ++page) buffers.push_back(whole.buffer(page));
  return buffers;
}

class Part final : public Fetch {
 public:
  Part(SharedDivision whole, PageRange pages, OnPage on_page)
      : Fetch(whole->whole().version(), pages, buffers_of(*whole, pages)),
        whole_(std::move(whole)),
        on_page_(std::move(on_page)) {}

  [[nodiscard]] Urgency urgency() const override { return whole_->whole().urgency(); }
  [[nodiscard]] bool wanted() const override { return whole_->whole().wanted(); }

  void arrived(std::size_t index) override {
    whole_->arrived(pages().first + index);
    on_page_(pages().first + index, buffers()[index]);
  }
  void ended(Status outcome) override {
    let_go_of_buffers();
    whole_->part_ended(std::move(outcome));
  }

 private:
  const SharedDivision whole_;
  const OnPage on_page_;
};

}  // namespace

void DividedFetch::part_begins() {
  const MutexLock lock(mutex_);
  ++parts_;
}

void DividedFetch::arrived(std::uint64_t page) {
  // counted first: who is told of the last page may find the fetch ended
  ++arrived_;
  whole_->arrived(page - whole_->pages().first);
}

void DividedFetch::part_ended(Status outcome) {
  std::optional<Error> error;
  {
    const MutexLock lock(mutex_);
    if (!outcome && !error_) error_ = std::move(outcome).error();
    if (--parts_ > 0) return;
    error = std::move(error_);
  }
  if (error && arrived_ < whole_->pages().count) return whole_->ended(*std::move(error));
  whole_->ended({});
}

SharedFetch part_of(const SharedDivision& whole, PageRange pages, OnPage on_page) {
  whole->part_begins();
  return std::make_shared<Part>(whole, pages, std::move(on_page));
}

}  // namespace blobmount
