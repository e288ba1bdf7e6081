#include "tree/listing.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fnmatch.h>

#include "tree/page_stream.hpp"

namespace blobmount {
namespace {

/// One listing under way.
template <typename Page>
class Listing final : public PageReader<Page> {
 public:
  using NextKnown = typename PageReader<Page>::NextKnown;

  Listing(BlobStore& store, const ContainerFilter& filter, Location directory, SharedSnapshot snapshot,
          Completion<void> done)
      : store_(store),
        filter_(filter),
        directory_(std::move(directory)),
        snapshot_(std::move(snapshot)),
        done_(std::move(done)) {}

  void ask(std::string marker, NextKnown next_known, Completion<Page> done) override;
  /// Nobody looks at it before there is something to see.
  bool wants_more() override { return snapshot_.use_count() > 1; }

  void take(Page page, SteadyTime asked) override {
    const bool last = page.next_marker.empty();
    add(std::move(page), asked);
    if (!last && !wants_more())
      end(Error{ErrorCode::cancelled, "nobody reads '" + directory_.to_string() + "' any more"});
  }

  void ended(Status outcome) override {
    if (!outcome) return end(std::move(outcome).error().within("list '" + directory_.to_string() + "'"));
    if (ended_) return;
    snapshot_->finish();
    done_({});
  }

 private:
  void add(Page page, SteadyTime asked) { snapshot_->add(page, asked); }
  void end(Error error) {
    if (std::exchange(ended_, true)) return;
    snapshot_->fail(error);
    done_(std::move(error));
  }

  BlobStore& store_;
  const ContainerFilter& filter_;
  const Location directory_;
  const SharedSnapshot snapshot_;
  const Completion<void> done_;
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
void Listing<ContainerPage>::add(ContainerPage page, SteadyTime asked) {
  std::erase_if(page.containers, [this](const auto& container) { return !filter_.shows(container.name); });
  snapshot_->add(page, asked);
}

template <typename Page>
void begin(BlobStore& store, Clock& clock, const ContainerFilter& filter, const Location& directory,
           SharedSnapshot snapshot, Completion<void> done) {
  auto listing =
      std::make_shared<Listing<Page>>(store, filter, directory, std::move(snapshot), std::move(done));
  std::make_shared<PageStream<Page>>(std::move(listing), clock)->start();
}

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
                    SharedSnapshot snapshot, Completion<void> done) {
  const auto begin_listing = directory.is_account() ? begin<ContainerPage> : begin<BlobPage>;
  begin_listing(store, clock, filter, directory, std::move(snapshot), std::move(done));
}

}  // namespace blobmount
