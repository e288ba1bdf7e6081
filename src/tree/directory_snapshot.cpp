#include "tree/directory_snapshot.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "tree/names.hpp"

namespace blobmount {

std::uint64_t DirectorySnapshot::next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

bool DirectorySnapshot::complete() const {
  const MutexLock lock(mutex_);
  return complete_;
}

bool DirectorySnapshot::failed() const {
  const MutexLock lock(mutex_);
  return failure_.has_value();
}

std::size_t DirectorySnapshot::size() const {
  const MutexLock lock(mutex_);
  return size_;
}

std::size_t DirectorySnapshot::shown() const {
  const MutexLock lock(mutex_);
  return shown_;
}

std::pair<std::size_t, std::string> DirectorySnapshot::left_out() const {
  const MutexLock lock(mutex_);
  return {left_out_, left_out_example_};
}

std::uint64_t DirectorySnapshot::footprint() const {
  const MutexLock lock(mutex_);
  return measured();
}

std::uint64_t DirectorySnapshot::measured() const {
  std::uint64_t bytes = sizeof *this + by_name_.capacity() * sizeof(std::uint32_t);
  for (const auto& page : pages_) bytes += page->footprint();
  return bytes;
}

void DirectorySnapshot::add(const BlobPage& page, SteadyTime asked) {
  std::vector<Waiting> waiting;
  std::size_t shown = 0;
  {
    const MutexLock lock(mutex_);
    append(packed(page), asked);
    charge(!page.next_marker.empty());
    waiting = take_waiting();
    shown = shown_;
  }
  answer(std::move(waiting), shown);
}

void DirectorySnapshot::add(const ContainerPage& page, SteadyTime asked) {
  std::vector<Waiting> waiting;
  std::size_t shown = 0;
  {
    const MutexLock lock(mutex_);
    auto packed = std::make_shared<EntryPage>(page.containers.size());
    for (const auto& container : page.containers) {
      if (shown_name(container.name)) packed->add_container(container);
    }
    append(std::move(packed), asked);
    charge(!page.next_marker.empty());
    waiting = take_waiting();
    shown = shown_;
  }
  answer(std::move(waiting), shown);
}

std::optional<std::string_view> DirectorySnapshot::shown_name(std::string_view name) {
  auto component = name.substr(std::min(prefix_.size(), name.size()));
  if (component.ends_with('/')) component.remove_suffix(1);
  if (is_file_name(component)) return component;
  if (left_out_++ == 0) left_out_example_ = name;
  return std::nullopt;
}

/// Blobs and prefixes, merged into the order of their names.
std::shared_ptr<EntryPage> DirectorySnapshot::packed(const BlobPage& page) {
  struct Listed {
    ListedName name;
    const BlobProperties* properties;
  };
  std::vector<Listed> entries;
  entries.reserve(page.blobs.size() + page.prefixes.size());
  for (const auto& blob : page.blobs) {
    // "a/" found while listing "a/" is the marker of the directory itself
    if (blob.name == prefix_) continue;
    if (const auto name = shown_name(blob.name)) entries.push_back({{*name, false}, &blob.properties});
  }
  const auto blobs = static_cast<std::ptrdiff_t>(entries.size());
  for (const auto& prefix : page.prefixes) {
    if (const auto name = shown_name(prefix)) entries.push_back({{*name, true}, nullptr});
  }
  const auto before = [](const Listed& one, const Listed& other) {
    return compare(one.name, other.name) < 0;
  };
  if (std::is_sorted(entries.begin(), entries.begin() + blobs, before) &&
      std::is_sorted(entries.begin() + blobs, entries.end(), before)) {
    std::inplace_merge(entries.begin(), entries.begin() + blobs, entries.end(), before);
  } else {
    std::stable_sort(entries.begin(), entries.end(), before);
  }
  const auto same = [](const Listed& one, const Listed& other) { return compare(one.name, other.name) == 0; };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());

  auto packed = std::make_shared<EntryPage>(entries.size());
  for (const auto& [name, properties] : entries) {
    if (properties == nullptr) {
      packed->add_prefix(name.name);
    } else {
      packed->add_blob(name.name, *properties);
    }
  }
  return packed;
}

void DirectorySnapshot::append(std::shared_ptr<EntryPage> page, SteadyTime asked) {
  if (page->size() == 0) return;
  page->close();
  if (size_ > 0 && compare(listed_name(size_ - 1), page->listed_name(0)) >= 0) ordered_ = false;
  const auto first = size_;
  first_index_.push_back(first);
  page_asked_.push_back(asked);
  size_ += page->size();
  pages_.push_back(page);
  if (ordered_) {
    merge_namesakes(*page, first);
    shown_ = first_undecided();
  }
}

void DirectorySnapshot::charge(bool more_comes) {
  charge_.resize(measured() + (more_comes ? next_page_footprint : 0));
}

/// What is listed twice, as a blob and as a prefix, is shown once.
void DirectorySnapshot::merge_namesakes(const EntryPage& page, std::size_t first) {
  for (std::size_t row = 0; row < page.size(); ++row) {
    const auto name = page.listed_name(row);
    if (!name.is_prefix) continue;
    if (const auto blob = index_of(ListedName{name.name, false})) merge(*blob, first + row);
  }
}

/// Of the two, the prefix is shown, and has the time of a marker.
void DirectorySnapshot::merge(std::size_t blob, std::size_t prefix) {
  const auto at = place_of(blob);
  auto& page = *pages_[at.page];
  const auto to = place_of(prefix);
  if (page.kind(at.row) == FileKind::directory) {
    if (const auto time = page.entry(at.row).modified) pages_[to.page]->set_modified(to.row, *time);
  }
  page.hide(at.row);
}

/// A blob "a" may yet turn out to be a directory as long as "a/" is still to come, and any number of names
/// stand between the two: those that begin with "a" and a character before '/'. Such a blob is a prefix of
/// the last name.
std::size_t DirectorySnapshot::first_undecided() const {
  if (size_ == 0) return 0;
  const auto last = listed_name(size_ - 1);
  const auto end = last.is_prefix ? last.name.size() : last.name.size() + 1;
  for (std::size_t length = 1; length < end; ++length) {
    const bool open = length == last.name.size() || static_cast<unsigned char>(last.name[length]) < '/';
    if (!open) continue;
    if (const auto index = index_of(ListedName{last.name.substr(0, length), false})) return *index;
  }
  return size_;
}

void DirectorySnapshot::finish() {
  std::vector<Waiting> waiting;
  std::size_t shown = 0;
  {
    const MutexLock lock(mutex_);
    if (!ordered_) put_in_order();
    complete_ = true;
    shown_ = size_;
    charge(false);
    waiting = std::exchange(waiting_, {});
    shown = shown_;
  }
  answer(std::move(waiting), shown);
}

/// For a service that lists in another order than by name.
void DirectorySnapshot::put_in_order() {
  by_name_.resize(size_);
  std::iota(by_name_.begin(), by_name_.end(), 0U);
  std::vector<ListedName> names(size_);
  for (std::size_t i = 0; i < size_; ++i) names[i] = listed_name(i);
  std::stable_sort(by_name_.begin(), by_name_.end(), [&names](std::uint32_t one, std::uint32_t other) {
    return compare(names[one], names[other]) < 0;
  });
  for (std::size_t i = 0; i < size_; ++i) {
    const auto index = by_name_[i];
    if (i > 0 && compare(names[by_name_[i - 1]], names[index]) == 0) {
      const auto at = place_of(index);
      pages_[at.page]->hide(at.row);
    } else if (names[index].is_prefix) {
      if (const auto blob = index_of(ListedName{names[index].name, false})) merge(*blob, index);
    }
  }
}

void DirectorySnapshot::fail(const Error& error) {
  std::vector<Waiting> waiting;
  {
    const MutexLock lock(mutex_);
    failure_ = error;
    charge(false);
    waiting = std::exchange(waiting_, {});
  }
  answer(std::move(waiting), error);
}

void DirectorySnapshot::wait_for(std::size_t index, Completion<std::size_t> done) {
  Result<std::size_t> count = std::size_t{0};
  {
    const MutexLock lock(mutex_);
    if (index >= shown_ && !complete_ && !failure_) {
      waiting_.push_back({index, std::move(done)});
      return;
    }
    if (index < shown_ || complete_) {
      count = shown_;
    } else {
      count = *failure_;
    }
  }
  done(std::move(count));
}

std::vector<DirectorySnapshot::Waiting> DirectorySnapshot::take_waiting() {
  const auto satisfied =
      std::stable_partition(waiting_.begin(), waiting_.end(),
                            [shown = shown_](const Waiting& waiting) { return waiting.index >= shown; });
  std::vector<Waiting> taken(std::make_move_iterator(satisfied), std::make_move_iterator(waiting_.end()));
  waiting_.erase(satisfied, waiting_.end());
  return taken;
}

void DirectorySnapshot::answer(std::vector<Waiting> waiting, const Result<std::size_t>& count) {
  for (auto& [index, done] : waiting) done(count);
}

DirectorySnapshot::Place DirectorySnapshot::place_of(std::size_t index) const {
  const auto behind = std::upper_bound(first_index_.begin(), first_index_.end(), index);
  const auto page = static_cast<std::size_t>(behind - first_index_.begin()) - 1;
  return {page, index - first_index_[page]};
}

ListedName DirectorySnapshot::listed_name(std::size_t index) const {
  const auto at = place_of(index);
  return pages_[at.page]->listed_name(at.row);
}

std::optional<std::size_t> DirectorySnapshot::index_of(ListedName name) const {
  if (!ordered_) {
    std::size_t low = 0, high = by_name_.size();
    while (low < high) {
      const auto middle = low + (high - low) / 2;
      if (compare(listed_name(by_name_[middle]), name) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == by_name_.size() || compare(listed_name(by_name_[low]), name) != 0) return std::nullopt;
    return by_name_[low];
  }
  // the last page that begins with it or before
  const auto behind = std::partition_point(pages_.begin(), pages_.end(), [name](const auto& page) {
    return compare(page->listed_name(0), name) <= 0;
  });
  if (behind == pages_.begin()) return std::nullopt;
  const auto page = static_cast<std::size_t>(behind - pages_.begin()) - 1;
  const auto row = pages_[page]->lower_bound(name);
  if (row == pages_[page]->size() || compare(pages_[page]->listed_name(row), name) != 0) return std::nullopt;
  return first_index_[page] + row;
}

std::optional<std::size_t> DirectorySnapshot::best_index_of(std::string_view name) const {
  if (const auto prefix = index_of(ListedName{name, true})) return prefix;
  return index_of(ListedName{name, false});
}

DirectorySnapshot::Known DirectorySnapshot::find(std::string_view name) const {
  const MutexLock lock(mutex_);
  if (!complete_ && !ordered_) return {};
  const auto index = best_index_of(name);
  if (!index) {
    const bool passed = size_ > 0 && compare(listed_name(size_ - 1), {name, true}) > 0;
    return {.decided = complete_ || passed, .asked = asked_};
  }
  const auto at = place_of(*index);
  return {.decided = complete_ || *index < shown_ || listed_name(*index).is_prefix,
          .entry = pages_[at.page]->entry(at.row),
          .asked = page_asked_[at.page]};
}

std::optional<BlobDetails> DirectorySnapshot::details(std::string_view name) const {
  const MutexLock lock(mutex_);
  if (!complete_ && !ordered_) return std::nullopt;
  const auto index = best_index_of(name);
  if (!index) return std::nullopt;
  const auto at = place_of(*index);
  if (pages_[at.page]->kind(at.row) == FileKind::directory) return std::nullopt;
  return pages_[at.page]->details(at.row);
}

std::optional<std::size_t> DirectorySnapshot::index_of(std::string_view name) const {
  const MutexLock lock(mutex_);
  if (!complete_ && !ordered_) return std::nullopt;
  const auto index = best_index_of(name);
  return index && *index < shown_ ? index : std::nullopt;
}

DirectorySnapshot::Item DirectorySnapshot::item(std::size_t index) const {
  const MutexLock lock(mutex_);
  const auto at = place_of(index);
  const auto& page = *pages_[at.page];
  if (page.hidden(at.row)) return {};
  return {page.listed_name(at.row).name, page.kind(at.row)};
}

KnownEntry DirectorySnapshot::entry(std::size_t index) const {
  const MutexLock lock(mutex_);
  const auto at = place_of(index);
  return pages_[at.page]->entry(at.row);
}

SteadyTime DirectorySnapshot::asked(std::size_t index) const {
  const MutexLock lock(mutex_);
  return page_asked_[place_of(index).page];
}

std::string_view DirectorySnapshot::etag(std::size_t index) const {
  const MutexLock lock(mutex_);
  const auto at = place_of(index);
  return pages_[at.page]->etag(at.row);
}

std::vector<std::string> changed_names(const DirectorySnapshot& old, const DirectorySnapshot& fresh) {
  std::vector<std::string> changed;
  std::size_t next = 0;  // most often, what comes next there is the same
  for (std::size_t i = 0; i < old.size(); ++i) {
    const auto item = old.item(i);
    if (item.name.empty()) continue;
    auto found = std::optional(next);
    if (next >= fresh.size() || fresh.item(next).name != item.name) found = fresh.index_of(item.name);
    if (found) next = *found + 1;
    const bool same = found && fresh.item(*found).kind == item.kind && fresh.etag(*found) == old.etag(i);
    if (!same) changed.emplace_back(item.name);
  }
  return changed;
}

}  // namespace blobmount
