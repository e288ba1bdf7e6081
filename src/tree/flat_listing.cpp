#include "tree/flat_listing.hpp"

#include <algorithm>
#include <climits>

namespace blobmount {
namespace {

/// How far to keep ahead of who uses it: ten pages, what a fast walker reads in half a second. Blobs.
constexpr std::size_t most_unused = 50'000;
/// Who waits for a directory that is further away, or has more below it, lists it alone.
constexpr std::size_t longest_wait = 3;  // pages

}  // namespace

FlatListing::FlatListing(BlobStore& store, SnapshotShelf& snapshots, MemoryBudget& budget, Clock& clock,
                         Location where, OnListed on_listed)
    : store_(store),
      snapshots_(snapshots),
      budget_(budget),
      clock_(clock),
      where_(std::move(where)),
      on_listed_(std::move(on_listed)),
      last_use_(clock.now()),
      next_page_(budget, 0, MemoryPurpose::listings) {}

void FlatListing::start() {
  const auto stream = std::make_shared<PageStream<BlobPage>>(shared_from_this(), clock_);
  {
    const MutexLock lock(mutex_);
    if (ended_) return;
    stream_ = stream;
  }
  stream->start();
}

bool FlatListing::covers(const Location& directory) const {
  const MutexLock lock(mutex_);
  if (leaving_.contains(directory.path)) return true;
  if (ended_) return false;
  const bool in_it =
      std::ranges::any_of(open_, [&](const Open& open) { return open.path == directory.path; });
  return in_it || directory.path > last_;
}

void FlatListing::wait_for(const Location& directory, Completion<SharedSnapshot> done) {
  SharedSnapshot leaving;
  {
    const MutexLock lock(mutex_);
    last_use_ = clock_.now();
    const bool in_it =
        std::ranges::any_of(open_, [&](const Open& open) { return open.path == directory.path; });
    if (const auto found = leaving_.find(directory.path); found != leaving_.end()) {
      leaving = found->second;
    } else if (!ended_ && (in_it || directory.path > last_)) {
      waiting_.push_back({directory.path, pages_, std::exchange(done, nullptr)});
    }
  }
  if (leaving) {
    leaving->wait_for(0, [leaving, done = std::move(done)](Result<std::size_t> count) {
      if (!count) return done(std::move(count).error());
      done(leaving);
    });
  } else if (done) {
    done(Error{ErrorCode::not_found, "it has been passed"});
  } else if (const auto stream = current_stream()) {
    stream->resume();
  }
}

void FlatListing::used(const Location& directory) {
  {
    const MutexLock lock(mutex_);
    const auto unused = unused_.find(directory.path);
    if (unused == unused_.end()) return;
    last_use_ = clock_.now();
    blobs_unused_ -= unused->second;
    ++uses_;
    unused_.erase(unused);
  }
  if (const auto stream = current_stream()) stream->resume();
}

std::shared_ptr<PageStream<BlobPage>> FlatListing::current_stream() const {
  const MutexLock lock(mutex_);
  return stream_;
}

void FlatListing::stop() { ended(Error{ErrorCode::cancelled, "nobody walks there any more"}); }

bool FlatListing::ended() const {
  const MutexLock lock(mutex_);
  return ended_;
}

bool FlatListing::paid_off() const {
  const MutexLock lock(mutex_);
  return uses_ >= pages_;
}

bool FlatListing::not_by_name() const {
  const MutexLock lock(mutex_);
  return not_by_name_;
}

SteadyTime FlatListing::last_use() const {
  const MutexLock lock(mutex_);
  return last_use_;
}

void FlatListing::ask(std::string marker, NextKnown next_known, Completion<BlobPage> done) {
  store_.list_blobs({.container = where_.container,
                     .prefix = where_.path,
                     .marker = std::move(marker),
                     .next_known = std::move(next_known)},
                    std::move(done));
}

bool FlatListing::wants_more() {
  const MutexLock lock(mutex_);
  return !ended_ && (blobs_unused_ < most_unused || !waiting_.empty());
}

void FlatListing::take(BlobPage page, SteadyTime asked) {
  Actions actions;
  bool in_vain = false;
  std::shared_ptr<PageStream<BlobPage>> stream;  // which may end with it
  {
    const MutexLock lock(mutex_);
    if (ended_) return;
    ++pages_;
    page_asked_ = asked;
    next_page_.resize(page.next_marker.empty() ? 0 : next_page_footprint);
    divide(std::move(page), asked, actions);
    in_vain = not_by_name_;
    if (in_vain) {
      stream = std::exchange(stream_, nullptr);
      next_page_.resize(0);
    }
    give_up_on_far(actions);
  }
  if (in_vain) snapshots_.drop_below(where_, clock_.now());
  carry_out(std::move(actions));
}

void FlatListing::divide(BlobPage page, SteadyTime asked, Actions& actions) {
  // a page begins at the name that its marker says: what came before that since the marker was told is
  // missing
  auto since = marker_asked_.value_or(asked);
  if (!marker_asked_ || !page.blobs.empty()) marker_asked_ = asked;
  for (auto& blob : page.blobs) {
    if (blob.name < last_) {
      // nothing can be told any more from where the listing is
      ended_ = not_by_name_ = true;
      open_.clear();
      markers_.clear();
      actions.complete.clear();
      leaving_.clear();
      return;
    }
    last_ = blob.name;
    ++blobs_unused_;
    const auto from = std::exchange(since, asked);
    pass_markers(blob.name, from, actions);
    leave(blob.name, actions);
    place(std::move(blob), from);
  }
  for (auto& open : open_) flush(open);
}

/// Between the blob before `name`, and `name`, is nothing.
void FlatListing::pass_markers(const std::string& name, SteadyTime asked, Actions& actions) {
  while (!markers_.empty() && *markers_.begin() <= name) {
    auto path = std::move(markers_.extract(markers_.begin()).value());
    if (!name.starts_with(path)) leave_empty(std::move(path), asked, actions);
  }
}

void FlatListing::leave_empty(std::string path, SteadyTime asked, Actions& actions) {
  auto snapshot = std::make_shared<DirectorySnapshot>(budget_, path, asked, DirectorySnapshot::Cause::walked);
  snapshot->add(BlobPage{}, page_asked_);
  leaving_.emplace(path, snapshot);
  actions.complete.push_back({.path = std::move(path), .snapshot = std::move(snapshot)});
}

/// Out of the directories that `name` is not in.
void FlatListing::leave(const std::string& name, Actions& actions) {
  while (!open_.empty() && !name.starts_with(open_.back().path)) close(actions);
}

void FlatListing::close(Actions& actions) {
  flush(open_.back());
  leaving_.emplace(open_.back().path, open_.back().snapshot);
  actions.complete.push_back(std::move(open_.back()));
  open_.pop_back();
}

/// Nobody but the listing has the snapshot yet.
void FlatListing::flush(Open& open) {
  if (open.page.blobs.empty() && open.page.prefixes.empty()) return;
  open.snapshot->add(std::exchange(open.page, {}), page_asked_);
}

/// Into the directories that it is in, and then as a file in the innermost. One that was not asked for, or
/// is longer than a path may be, is left out.
void FlatListing::place(ListedBlob blob, SteadyTime asked) {
  if (!blob.name.starts_with(where_.path) || blob.name.size() >= PATH_MAX) return;
  while (true) {
    const auto begin = open_.empty() ? where_.path.size() : open_.back().path.size();
    const auto slash = blob.name.find('/', begin);
    if (slash == std::string::npos) break;
    auto path = blob.name.substr(0, slash + 1);
    const bool can_be_shown = is_file_name(std::string_view(path).substr(begin, slash - begin));
    if (!open_.empty()) {
      auto& prefixes = open_.back().page.prefixes;
      if (prefixes.empty() || prefixes.back() != path) prefixes.push_back(path);
    }
    if (!can_be_shown) return;
    auto snapshot =
        std::make_shared<DirectorySnapshot>(budget_, path, asked, DirectorySnapshot::Cause::walked);
    open_.push_back({.path = std::move(path), .snapshot = std::move(snapshot)});
  }
  const auto begin = open_.empty() ? where_.path.size() : open_.back().path.size();
  if (blob.properties.is_directory_marker && is_file_name(std::string_view(blob.name).substr(begin)))
    markers_.insert(blob.name + '/');
  if (open_.empty()) return;
  ++open_.back().blobs;
  open_.back().page.blobs.push_back(std::move(blob));
}

/// Also on what has been passed, and is not there.
void FlatListing::give_up_on_far(Actions& actions) {
  for (auto& waiting : waiting_) {
    const bool in_it =
        std::ranges::any_of(open_, [&](const Open& open) { return open.path == waiting.path; });
    const bool passed = waiting.path <= last_ && !in_it && !leaving_.contains(waiting.path);
    const bool comes_now = leaving_.contains(waiting.path);
    const bool hopeless = !comes_now && (ended_ || passed || pages_ - waiting.pages >= longest_wait);
    if (hopeless) actions.given_up.push_back(std::exchange(waiting, {}));
  }
  std::erase_if(waiting_, [](const Waiting& waiting) { return !waiting.done; });
}

void FlatListing::ended(Status outcome) {
  Actions actions;
  std::shared_ptr<PageStream<BlobPage>> stream;  // which may end with it
  {
    const MutexLock lock(mutex_);
    stream = std::exchange(stream_, nullptr);
    if (outcome) {
      for (const auto& path : markers_) leave_empty(path, *marker_asked_, actions);
      while (!open_.empty()) close(actions);
    }
    open_.clear();
    markers_.clear();
    next_page_.resize(0);
    ended_ = true;
    give_up_on_far(actions);
  }
  carry_out(std::move(actions));
}

void FlatListing::carry_out(Actions actions) {
  for (const auto& open : actions.complete) deliver(open);
  for (auto& waiting : actions.given_up) {
    waiting.done(Error{ErrorCode::not_found, "the walk does not come by '" + waiting.path + "' soon"});
  }
}

void FlatListing::deliver(const Open& open) {
  open.snapshot->finish();
  const Location where{where_.container, open.path};
  if (const auto old = snapshots_.keep(where, open.snapshot)) on_listed_(where, *old, *open.snapshot);
  std::vector<Waiting> served;
  {
    const MutexLock lock(mutex_);
    leaving_.erase(open.path);
    for (auto& waiting : waiting_) {
      if (waiting.path == open.path) served.push_back(std::exchange(waiting, {}));
    }
    std::erase_if(waiting_, [](const Waiting& waiting) { return !waiting.done; });
    if (served.empty()) {
      unused_.emplace(open.path, open.blobs);
    } else {
      blobs_unused_ -= open.blobs;
      ++uses_;
    }
  }
  for (auto& waiting : served) waiting.done(open.snapshot);
}

}  // namespace blobmount
