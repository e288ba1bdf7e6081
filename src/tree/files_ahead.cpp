#include "tree/files_ahead.hpp"

#include <algorithm>
#include <utility>

namespace blobmount {
namespace {

/// A file up to this size comes whole, in one request; a larger one has its own read-ahead.
constexpr std::uint64_t small = 1ULL << 20U;
constexpr std::size_t first_window = 4, longest_window = 64;  // files
/// Of the memory, what the files ahead of one reader may take.
constexpr std::uint64_t part_of_memory = 8;
/// So many directories at once: one for each of a few walkers.
constexpr std::size_t most_sequences = 8;
/// The next directory is the same walker's within that time.
constexpr auto longest_pause = std::chrono::seconds{5};

/// Who has opened nothing in a directory for that long reads something else: what is kept for him is freed.
constexpr auto longest_idle = std::chrono::minutes{1};

/// How far ahead of the file at hand `index` is; 0: it is not, or there is none.
std::size_t distance_to(const ReadingOrder& order, std::optional<std::size_t> index) {
  return index ? static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, order.distance_to(*index))) : 0;
}

}  // namespace

std::unique_ptr<MemoryTier::Reader> FilesAhead::open(const std::shared_ptr<Directory>& directory,
                                                     const KnownEntry& entry, SharedVersion version) {
  drop_idle();
  if (entry.size == 0 || entry.size > small) return memory_.open(std::move(version));
  auto guesses = guess(*directory, entry);
  guesses.wrong.clear();
  auto reader = guesses.right ? std::move(guesses.right) : memory_.open(std::move(version));
  const auto soon = MaximumAge{.present = longest_known_ / 2, .absent = longest_known_ / 2};
  for (const auto& name : guesses.renewals) directory->renew(name, soon, [](const Result<Found>&) {});
  if (!guesses.files.empty()) fetch(directory, guesses);
  return reader;
}

void FilesAhead::forget_below(const Location& where) {
  const auto above = where.to_string();
  drop_if([&](const Sequence& sequence) { return where.is_account() || sequence.place.starts_with(above); });
}

void FilesAhead::drop_idle() {
  const auto now = clock_.now();
  drop_if([now](const Sequence& sequence) { return now - sequence.last_opened > longest_idle; });
}

void FilesAhead::drop_if(const std::function<bool(const Sequence&)>& unwanted) {
  Sequences dropped;  // freed when the lock is free again
  const MutexLock lock(mutex_);
  for (auto sequence = sequences_.begin(); sequence != sequences_.end();) {
    const auto next = std::next(sequence);
    if (unwanted(**sequence)) dropped.splice(dropped.end(), sequences_, sequence);
    sequence = next;
  }
}

FilesAhead::Guesses FilesAhead::guess(const Directory& directory, const KnownEntry& entry) {
  Guesses guesses;
  const auto snapshot = directory.latest();
  const auto index = snapshot ? snapshot->index_of(entry.name) : std::nullopt;
  if (!index || snapshot->etag(*index) != entry.etag) return guesses;

  const MutexLock lock(mutex_);
  auto sequence = sequence_of(directory, snapshot, guesses);
  auto& readers = sequence->readers;
  if (!sequence->order.opened(*index)) {
    for (auto& [wrong, reader] : readers) guesses.wrong.push_back(std::move(reader));
    readers.clear();
    sequence->window = 0;
    sequence->last_fetched.reset();
    sequence->last_renewed.reset();
    return guesses;
  }
  keep_pace(*sequence);
  if (auto right = readers.extract(*index)) {
    guesses.right = std::move(right.mapped());
    sequence->window = std::min(2 * sequence->window, longest_window);
  }
  for (auto passed = readers.begin(); passed != readers.end();) {
    if (sequence->order.distance_to(passed->first) > 0) {
      ++passed;
      continue;
    }
    guesses.wrong.push_back(std::move(passed->second));
    passed = readers.erase(passed);
  }
  guesses.sequence = sequence;
  extend(*sequence, guesses);
  extend_renewals(*sequence, guesses);
  return guesses;
}

void FilesAhead::keep_pace(Sequence& sequence) {
  const auto now = clock_.now();
  const auto last = std::exchange(sequence.last_opened, now);
  if (last == SteadyTime{}) return;
  const auto pause = std::chrono::duration_cast<Duration>(now - last);
  sequence.pace = (3 * sequence.pace + pause) / 4;
}

std::shared_ptr<FilesAhead::Sequence> FilesAhead::sequence_of(const Directory& directory,
                                                              const SharedSnapshot& snapshot,
                                                              Guesses& guesses) {
  const auto place = directory.where().to_string();
  const auto known =
      std::ranges::find_if(sequences_, [&](const auto& sequence) { return sequence->place == place; });
  if (known != sequences_.end()) {
    sequences_.splice(sequences_.begin(), sequences_, known);
    if ((*known)->snapshot == snapshot) return *known;
  } else {
    sequences_.push_front(nullptr);
  }
  const auto number = [where = directory.where(), snapshot](std::size_t index) {
    return number_of(where, snapshot->item(index).name);
  };
  const bool goes_on = clock_.now() - last_success_ < longest_pause;
  const auto guess = goes_on ? last_order_ : ReadingOrder::By::listing;
  const auto old = std::exchange(
      sequences_.front(),
      std::make_shared<Sequence>(Sequence{place, snapshot, ReadingOrder(snapshot->size(), number, guess)}));
  const auto retire = [&guesses](Sequence& retired) {
    for (auto& [index, reader] : retired.readers) guesses.wrong.push_back(std::move(reader));
    retired.readers.clear();
  };
  if (old) retire(*old);
  if (sequences_.size() > most_sequences) {
    retire(*sequences_.back());
    sequences_.pop_back();
  }
  auto& fresh = *sequences_.front();
  // a renewed listing of the same directory goes on as before
  if (old) fresh.window = old->window;
  if (goes_on) fresh.window = std::max(fresh.window, last_window_);
  return sequences_.front();
}

void FilesAhead::extend(Sequence& sequence, Guesses& guesses) {
  if (sequence.window == 0 && sequence.order.run() > 0) sequence.window = first_window;
  auto fetched = distance_to(sequence.order, sequence.last_fetched);
  auto bytes = memory_.budget().total() / part_of_memory;
  bytes -= std::min(bytes, sequence.readers.size() * small);
  while (fetched < sequence.window && bytes >= small) {
    const auto index = sequence.order.ahead(++fetched);
    if (!index) {
      // to the end
      last_window_ = sequence.window / 2;
      last_order_ = sequence.order.by();
      last_success_ = clock_.now();
      return;
    }
    sequence.last_fetched = index;
    const auto item = sequence.snapshot->item(*index);
    if (item.name.empty() || item.kind != FileKind::file || sequence.readers.contains(*index)) continue;
    auto entry = sequence.snapshot->entry(*index);
    if (entry.size == 0 || entry.size > small || entry.archived) continue;
    bytes -= std::min(bytes, entry.size);
    sequence.readers.emplace(*index, nullptr);  // until fetch() has it
    guesses.files.push_back({*index, std::move(entry)});
  }
}

/// Those that will be opened before what is learned now is too old.
void FilesAhead::extend_renewals(Sequence& sequence, Guesses& guesses) const {
  auto window = sequence.window;
  if (sequence.pace > Duration{0}) {
    const auto soon = std::max<std::int64_t>(2, longest_known_ / 2 / sequence.pace);
    window = std::min(window, static_cast<std::size_t>(soon));
  }
  for (auto renewed = distance_to(sequence.order, sequence.last_renewed); renewed < window;) {
    const auto index = sequence.order.ahead(++renewed);
    if (!index) return;
    sequence.last_renewed = index;
    if (sequence.readers.contains(*index))
      guesses.renewals.emplace_back(sequence.snapshot->item(*index).name);
  }
}

void FilesAhead::fetch(const std::shared_ptr<Directory>& directory, Guesses& guesses) {
  std::vector<std::pair<std::size_t, std::unique_ptr<MemoryTier::Reader>>> fetching;
  for (const auto& [index, entry] : guesses.files) {
    const auto where = directory->where().child_file(entry.name);
    auto reader = memory_.open(std::make_shared<const BlobVersion>(
        BlobVersion{where.container, where.path, entry.etag, entry.size}));
    const bool refused = reader->fetch_ahead({{0, entry.size}}).has_value();
    if (refused) break;  // no memory now: whoever opens it fetches it
    fetching.emplace_back(index, std::move(reader));
  }
  const MutexLock lock(mutex_);
  auto& readers = guesses.sequence->readers;
  for (auto& [index, reader] : fetching) {
    const auto place = readers.find(index);
    // opened meanwhile, or given up: what comes of it is found by whoever reads it
    if (place != readers.end() && !place->second) {
      place->second = std::move(reader);
    } else {
      guesses.wrong.push_back(std::move(reader));
    }
  }
}

}  // namespace blobmount
