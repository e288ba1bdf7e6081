#include "cache/disk_tier.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace blobmount {
namespace {

/// Pages that one thread reads in a row: a long run is shared among the threads, and delays nobody for long.
constexpr std::uint64_t most_at_once = 16;

constexpr int reader_threads = 2;

bool is_waited_for(const Fetch& fetch) { return fetch.urgency() == Urgency::waited_for; }

}  // namespace

Result<std::unique_ptr<DiskTier>> DiskTier::open(ByteSource& below, std::unique_ptr<CacheDirectory> directory,
                                                 std::string account, const DiskLimits& limits,
                                                 MemoryBudget& budget, Clock& clock, Log& log) {
  BM_ASSIGN(store, DiskStore::open(std::move(directory), budget));
  return std::unique_ptr<DiskTier>(
      new DiskTier(below, std::move(store), std::move(account), limits, clock, log));
}

DiskTier::DiskTier(ByteSource& below, std::unique_ptr<DiskStore> store, std::string account,
                   const DiskLimits& limits, Clock& clock, Log& log)
    : below_(below),
      account_(std::move(account)),
      log_(log),
      store_(std::move(store)),
      check_(*store_, [this](const SharedEntry& entry, const DiskIdentity& identity, std::uint64_t page,
                             const Error& error) { note_bad(entry, identity, page, error); }),
      writer_(
          *store_, limits, [this](const SharedIdentity& identity) { check_.check_later(identity); }, clock,
          log),
      readers_("disk", reader_threads),
      ahead_("disk-ahead", reader_threads) {}

void DiskTier::start(std::vector<SharedFetch> fetches) {
  if (stopped_) return below_.start(std::move(fetches));

  const auto known = std::stable_partition(fetches.begin(), fetches.end(),
                                           [this](const SharedFetch& fetch) { return unread(*fetch); });
  std::vector<SharedFetch> later(fetches.begin(), known);
  fetches.erase(fetches.begin(), known);
  if (!fetches.empty()) start_known(std::move(fetches));
  if (later.empty()) return;

  readers_.submit([this, later = std::move(later)] {
    // where that fails, the pages count as absent for now
    for (const auto& fetch : later) (void)store_->learn(identity_of(*fetch));
    start_known(later);
  });
}

std::optional<LocalFile> DiskTier::local_file(const BlobVersion& version) {
  return check_.local_file(std::make_shared<const DiskIdentity>(disk_identity(account_, version)));
}

std::optional<KeptBytes> DiskTier::kept(const BlobVersion& version) {
  const auto identity = disk_identity(account_, version);
  (void)store_->learn(identity);  // where that fails, nothing is known to be there
  // in this order: what is written meanwhile may count twice, but is never overlooked
  const auto waiting = writer_.in_line(identity.name) * page_size;
  return KeptBytes{.written = store_->index().bytes_kept(identity), .waiting = waiting};
}

bool DiskTier::offer(const SharedVersion& version, PageRange pages, std::span<const PageBuffer> buffers) {
  if (stopped_) return false;
  if (writer_.is_busy()) return true;
  const auto identity = std::make_shared<const DiskIdentity>(disk_identity(account_, *version));
  if (store_->index().complete(*identity)) return false;

  for (const auto& run : store_->index().plan(*identity, pages).runs) {
    if (run.present) continue;
    for (auto page = run.pages.first; page < run.pages.end(); ++page)
      writer_.keep(identity, page, buffers[page - pages.first]);
  }
  return true;
}

bool DiskTier::complete(const BlobVersion& version) const {
  return store_->index().complete(disk_identity(account_, version));
}

DiskStats DiskTier::stats() const {
  return {.hits = hits_,
          .misses = misses_,
          .bad = bad_,
          .dropped = writer_.dropped(),
          .evicted = writer_.evicted(),
          .bytes = store_->index().bytes(),
          .most_bytes = writer_.most_bytes(),
          .versions = store_->index().versions()};
}

void DiskTier::set_limits(std::uint64_t size, std::uint64_t free_space) {
  writer_.set_limits(size, free_space);
}

void DiskTier::clear(DiskProgress& progress) {
  const auto clearing = std::make_shared<std::packaged_task<void()>>([this, &progress] {
    check_.give_up();  // what is being checked is in use
    blobmount::clear(*store_, progress);
  });
  writer_.run_soon([clearing] { (*clearing)(); });
  clearing->get_future().get();
}

void DiskTier::verify(DiskProgress& progress) {
  const auto on_bad = [this](const DiskIdentity& identity, std::uint64_t page, const Error& error) {
    (void)store_->learn(identity);
    if (const auto entry = store_->index().find(identity.name)) note_bad(entry, identity, page, error);
  };
  auto useless = blobmount::verify(*store_, progress, on_bad);
  if (useless.empty()) return;
  writer_.run_soon([this, useless = std::move(useless)] {
    for (const auto name : useless) {
      if (const auto entry = store_->index().find(name)) (void)store_->evict(entry);
    }
  });
}

void DiskTier::stop() {
  if (stopped_.exchange(true)) return;
  readers_.stop();
  ahead_.stop();
  check_.stop();
  writer_.stop();
  store_->remember_use();
}

DiskIdentity DiskTier::identity_of(const Fetch& fetch) const {
  return disk_identity(account_, *fetch.version());
}

bool DiskTier::unread(const Fetch& fetch) const { return store_->index().unread(identity_of(fetch).name); }

void DiskTier::start_known(std::vector<SharedFetch> fetches) {
  std::vector<SharedFetch> remote;
  for (auto& fetch : fetches) divide(std::move(fetch), remote);
  if (!remote.empty()) below_.start(std::move(remote));
}

void DiskTier::divide(SharedFetch fetch, std::vector<SharedFetch>& remote) {
  auto identity = std::make_shared<const DiskIdentity>(identity_of(*fetch));
  const auto plan = store_->index().plan(*identity, fetch->pages());
  const Division division{std::make_shared<DividedFetch>(std::move(fetch)), std::move(identity), plan.entry};

  for (const auto& run : plan.runs) {
    if (run.present) {
      read_later(division, run.pages);
    } else {
      misses_ += run.pages.count;
      remote.push_back(from_below(division, run.pages));
    }
  }
  division.fetch->part_ended({});
}

void DiskTier::read_later(const Division& division, PageRange pages) {
  for (auto first = pages.first; first < pages.end(); first += most_at_once) {
    const Run run{division, {first, std::min(most_at_once, pages.end() - first)}};
    division.fetch->part_begins();
    if (add_ahead(run)) {
      ahead_.submit([this] {
        if (const auto next = next_ahead()) read(*next);
      });
    } else {
      readers_.submit([this, run] { read(run); });
    }
  }
}

/// False, and nothing is done, where somebody waits for it.
bool DiskTier::add_ahead(const Run& run) {
  // asked under the lock: what becomes urgent later is found by reconsider()
  const MutexLock lock(mutex_);
  if (is_waited_for(run.division.fetch->whole())) return false;
  runs_ahead_.push_back(run);
  return true;
}

std::optional<DiskTier::Run> DiskTier::next_ahead() {
  const MutexLock lock(mutex_);
  if (runs_ahead_.empty()) return std::nullopt;
  auto next = std::move(runs_ahead_.front());
  runs_ahead_.pop_front();
  return next;
}

void DiskTier::reconsider() {
  std::list<Run> urgent;
  {
    const MutexLock lock(mutex_);
    for (auto run = runs_ahead_.begin(); run != runs_ahead_.end();) {
      const auto here = run++;
      if (is_waited_for(here->division.fetch->whole())) urgent.splice(urgent.end(), runs_ahead_, here);
    }
  }
  for (const auto& run : urgent) readers_.submit([this, run] { read(run); });
  below_.reconsider();
}

void DiskTier::read(const Run& run) {
  const auto& [division, pages] = run;
  if (!division.fetch->whole().wanted()) {
    return division.fetch->part_ended(Error{ErrorCode::cancelled, "nobody wants it any more"});
  }

  std::vector<SharedFetch> remote;
  for (auto page = pages.first; page < pages.end(); ++page) {
    const auto outcome = read_page(division, page);
    if (outcome) {
      ++hits_;
      division.fetch->arrived(page);
    } else {
      note_bad(division.entry, *division.identity, page, outcome.error());
      remote.push_back(from_below(division, {page, 1}));
    }
  }
  if (!remote.empty()) below_.start(std::move(remote));
  division.fetch->part_ended({});
}

Status DiskTier::read_page(const Division& division, std::uint64_t page) {
  BM_ASSIGN(file, store_->file(division.entry, *division.identity));
  return file->read(page, division.fetch->buffer(page).get());
}

void DiskTier::note_bad(const SharedEntry& entry, const DiskIdentity& identity, std::uint64_t page,
                        const Error& error) {
  if (!store_->index().lost(entry, identity, page)) return;  // evicted meanwhile
  if (bad_++ > 0) return;                                    // the first one is news
  log_.warning("disk cache has a bad page, it is fetched again",
               {{"blob", blob_of(identity)}, {"reason", error.message}});
}

SharedFetch DiskTier::from_below(const Division& division, PageRange pages) {
  return part_of(division.fetch, pages,
                 [this, identity = division.identity](std::uint64_t page, const PageBuffer& buffer) {
                   writer_.keep(identity, page, buffer);
                 });
}

}  // namespace blobmount
