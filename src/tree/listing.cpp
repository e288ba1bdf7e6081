#include "tree/listing.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include <fnmatch.h>

#include "tree/page_stream.hpp"

namespace blobmount {
namespace {

enum class Reads : std::uint8_t { all, first_page };

/// One listing under way. It does not keep its snapshot: whoever gets hold of that finds it going on.
template <typename Page>
class Listing final : public PageReader<Page> {
 public:
  using NextKnown = typename PageReader<Page>::NextKnown;

  Listing(BlobStore& store, const ContainerFilter& filter, Location directory,
          std::weak_ptr<DirectorySnapshot> snapshot, Completion<void> done, Reads reads)
      : store_(store),
        filter_(filter),
        directory_(std::move(directory)),
        snapshot_(std::move(snapshot)),
        done_(std::move(done)),
        all_wanted_(reads == Reads::all) {}
  ~Listing() override { end_unread(); }
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;

  void ask(std::string marker, NextKnown next_known, Completion<Page> done) override;
  void want_all() { all_wanted_ = true; }
  bool wants_more() override { return all_wanted_ && !snapshot_.expired(); }

  void take(Page page, SteadyTime asked) override {
    const auto snapshot = snapshot_.lock();
    if (!snapshot) return end_unread();
    if (page.next_marker.empty()) whole_ = snapshot;
    add(*snapshot, std::move(page), asked);
  }

  void ended(Status outcome) override {
    if (!outcome) return end(std::move(outcome).error().within("list '" + directory_.to_string() + "'"));
    if (std::exchange(ended_, true)) return;
    const auto whole = std::exchange(whole_, nullptr);
    whole->finish();
    done_({});
  }

 private:
  void add(DirectorySnapshot& snapshot, Page page, SteadyTime asked) { snapshot.add(page, asked); }
  void end_unread() {
    end(Error{ErrorCode::cancelled, "nobody reads '" + directory_.to_string() + "' any more"});
  }
  void end(Error error) {
    if (std::exchange(ended_, true)) return;
    if (const auto snapshot = snapshot_.lock()) snapshot->fail(error);
    done_(std::move(error));
  }

  BlobStore& store_;
  const ContainerFilter& filter_;
  const Location directory_;
  const std::weak_ptr<DirectorySnapshot> snapshot_;
  const Completion<void> done_;
  std::atomic<bool> all_wanted_;
  SharedSnapshot whole_{};  ///< from its last page to its end: it is worth keeping
  bool ended_ = false;
};

template <>
void Listing<BlobPage>::ask(std::string marker, NextKnown next_known, Completion<BlobPage> done) {
  store_.list_blobs({.container = directory_.container,
                     .prefix = directory_.path,
                     .delimiter = "/",
                     .marker = std::move(marker),
                     .next_known = std::move(next_known)},
                    std::move(done));
}

template <>
void Listing<ContainerPage>::ask(std::string marker, NextKnown /*next_known*/,
                                 Completion<ContainerPage> done) {
  store_.list_containers({.marker = std::move(marker)}, std::move(done));
}

template <>
void Listing<ContainerPage>::add(DirectorySnapshot& snapshot, ContainerPage page, SteadyTime asked) {
  std::erase_if(page.containers, [this](const auto& container) { return !filter_.shows(container.name); });
  snapshot.add(page, asked);
}

template <typename Page>
void begin(BlobStore& store, Clock& clock, const ContainerFilter& filter, const Location& directory,
           std::weak_ptr<DirectorySnapshot> snapshot, Completion<void> done) {
  auto listing = std::make_shared<Listing<Page>>(store, filter, directory, std::move(snapshot),
                                                 std::move(done), Reads::all);
  std::make_shared<PageStream<Page>>(std::move(listing), clock)->start();
}

class BlobsAhead final : public ListingAhead {
 public:
  BlobsAhead(std::shared_ptr<Listing<BlobPage>> listing, Clock& clock)
      : listing_(std::move(listing)), pages_(std::make_shared<PageStream<BlobPage>>(listing_, clock)) {}
  void start() override { pages_->start(); }
  void go_on() override {
    listing_->want_all();
    pages_->resume();
  }

 private:
  const std::shared_ptr<Listing<BlobPage>> listing_;
  const std::shared_ptr<PageStream<BlobPage>> pages_;
};

}  // namespace

bool ContainerFilter::shows(const std::string& container) const {
  const bool hidden = container.starts_with('$');
  if (patterns_.empty()) return !hidden;
  return std::ranges::any_of(patterns_, [&](const std::string& pattern) {
    // as with '.' in a shell: no wildcard stands for it
    if (hidden && !pattern.starts_with('$')) return false;
    return fnmatch(pattern.c_str(), container.c_str(), 0) == 0;
  });
}

void list_directory(BlobStore& store, Clock& clock, const ContainerFilter& filter, const Location& directory,
                    std::weak_ptr<DirectorySnapshot> snapshot, Completion<void> done) {
  const auto begin_listing = directory.is_account() ? begin<ContainerPage> : begin<BlobPage>;
  begin_listing(store, clock, filter, directory, std::move(snapshot), std::move(done));
}

std::shared_ptr<ListingAhead> listing_ahead(BlobStore& store, Clock& clock, const ContainerFilter& filter,
                                            const Location& directory,
                                            std::weak_ptr<DirectorySnapshot> snapshot,
                                            Completion<void> done) {
  return std::make_shared<BlobsAhead>(
      std::make_shared<Listing<BlobPage>>(store, filter, directory, std::move(snapshot), std::move(done),
                                          Reads::first_page),
      clock);
}

}  // namespace blobmount
