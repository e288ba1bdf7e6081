#include "tree/directory.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tree/resolution.hpp"

namespace blobmount {
namespace {

/// Above this many names asked for one by one, those too old to be used go.
constexpr std::size_t many_answers = 4096;
constexpr std::size_t most_noted_absent = 1024;
constexpr auto longest_use = std::chrono::minutes{10};
/// Of the memory, bytes: a name with its entry, details and place in the table; and a name with a time.
constexpr std::uint64_t answer_footprint = 500;
constexpr std::uint64_t noted_footprint = 100;

bool young_enough(const Found& found, MaximumAge age, SteadyTime now) {
  return now - found.asked < (found.entry ? age.present : age.absent);
}

std::optional<Found> found_in(const DirectorySnapshot& snapshot, const std::string& name) {
  auto known = snapshot.find(name);
  if (!known.decided) return std::nullopt;
  return Found{std::move(known.entry), known.asked};
}

}  // namespace

void Directory::look_up(const std::string& name, MaximumAge age, Completion<Found> done) {
  ask(name, age, Question::anything, std::move(done));
}

void Directory::renew(const std::string& name, MaximumAge age, Completion<Found> done) {
  ask(name, age, Question::same_blob, std::move(done));
}

void Directory::ask(const std::string& name, MaximumAge age, Question question, Completion<Found> done) {
  const auto now = context_.clock.now();
  std::optional<Found> answer;
  bool first = false;
  {
    const MutexLock lock(mutex_);
    answer = known(name);
    if (!answer || !young_enough(*answer, age, now)) {
      answer.reset();
      const auto [found, inserted] = resolving_.try_emplace(name);
      auto& request = found->second;
      first = inserted;
      if (first) request.asked = now;
      // a HEAD alone would find the blob beside it
      if (const auto said = last_said(name); said && said->entry && said->entry->kind == FileKind::directory)
        question = Question::anything;
      // it may have been answered before this call began; close-to-open hangs on it
      const bool late = !first && (now - request.asked >= std::min(age.present, age.absent) ||
                                   doubted(name, request.asked));
      (late ? request.late : request.waiting).push_back(std::move(done));
    }
  }
  if (answer) return done(*std::move(answer));
  if (first) resolve(name, now, question);
}

std::optional<Found> Directory::known(const std::string& name) const {
  auto said = last_said(name);
  return said && !doubted(name, said->asked) ? said : std::nullopt;
}

std::optional<Found> Directory::last_said(const std::string& name) const {
  std::optional<Found> latest;
  if (const auto answer = answers_.find(name); answer != answers_.end()) latest = answer->second;
  for (const auto& snapshot : {growing_.lock(), this->latest()}) {
    if (!snapshot) continue;
    auto found = found_in(*snapshot, name);
    if (found && !(latest && latest->asked > found->asked)) latest = std::move(found);
  }
  return latest;
}

bool Directory::doubted(const std::string& name, SteadyTime asked) const {
  if (all_doubted_ && asked <= *all_doubted_) return true;
  if (asked < listed_) return true;
  const auto doubt = doubts_.find(name);
  return doubt != doubts_.end() && asked <= doubt->second;
}

void Directory::resolve(const std::string& name, SteadyTime asked, Question question) {
  auto done = [self = shared_from_this(), name, asked](Result<Resolved> resolved) {
    if (!resolved) return self->resolved(name, std::move(resolved).error());
    self->resolved(name, Found{std::move(resolved->entry), asked, std::move(resolved->details)});
  };
  if (context_.containers.hides(where_, name)) return done(Resolved{});
  if (question == Question::same_blob) {
    resolve_blob(context_.store, where_, name, std::move(done));
  } else {
    resolve_name(context_.store, where_, name, std::move(done));
  }
}

void Directory::resolved(const std::string& name, Result<Found> found) {
  std::vector<Completion<Found>> waiting;
  const auto now = context_.clock.now();
  bool again = false, changed = false;
  {
    const MutexLock lock(mutex_);
    const auto request = resolving_.find(name);
    waiting = take_waiting(request->second, found.has_value(), now);
    again = !request->second.waiting.empty();
    if (!again) resolving_.erase(request);
    if (answers_.size() >= many_answers) drop_old_answers();
    if (found) {
      const auto before = last_said(name);
      changed = before && before->entry && !(found->entry && same_version(*before->entry, *found->entry));
      answers_.insert_or_assign(name, *found);
      charge();
    }
  }
  if (changed && context_.on_change) context_.on_change(inode_, name);
  if (again) resolve(name, now, Question::anything);
  for (auto& done : waiting) done(found);
}

/// Makes `request` the next one, if anybody needs that: an Error is never too old.
template <typename T>
std::vector<Completion<T>> Directory::take_waiting(Request<T>& request, bool succeeded, SteadyTime now) {
  auto waiting = std::move(request.waiting);
  if (!succeeded) std::move(request.late.begin(), request.late.end(), std::back_inserter(waiting));
  request.asked = now;
  request.waiting = succeeded ? std::move(request.late) : std::vector<Completion<T>>();
  request.late.clear();
  return waiting;
}

void Directory::drop_old_answers() {
  const auto now = context_.clock.now();
  std::erase_if(answers_, [now](const auto& answer) { return now - answer.second.asked > longest_use; });
  if (answers_.size() >= many_answers) answers_.clear();
}

void Directory::charge() {
  charge_.resize(answers_.size() * answer_footprint +
                 (doubts_.size() + noted_absent_.size()) * noted_footprint);
}

void Directory::list(const ListingAge& age, Completion<SharedSnapshot> done) {
  const auto now = context_.clock.now();
  SharedSnapshot fresh;
  bool first = false;
  {
    const MutexLock lock(mutex_);
    for (auto& snapshot : {latest(), growing_.lock()}) {
      if (snapshot && usable(*snapshot, age, now)) fresh = snapshot;
    }
    if (!fresh) {
      first = !listing_;
      if (first) listing_.emplace().asked = now;
      const bool doubted = listing_doubted_ && listing_->asked <= *listing_doubted_;
      const bool late = !first && (doubted || now - listing_->asked >= age.opened);
      (late ? listing_->late : listing_->waiting).push_back(std::move(done));
    }
  }
  if (fresh) {
    context_.walks.used(where_);
    return done(std::move(fresh));
  }
  if (first) start_listing(now, age);
}

bool Directory::usable(const DirectorySnapshot& snapshot, const ListingAge& age, SteadyTime now) const {
  if (snapshot.failed() || (listing_doubted_ && snapshot.asked() <= *listing_doubted_)) return false;
  const bool walked = snapshot.cause() == DirectorySnapshot::Cause::walked;
  return now - snapshot.asked() < (walked ? age.walked : age.opened);
}

/// For those who wait for a listing: what a walk has begun may have stood still since.
bool Directory::comes_in_time(const DirectorySnapshot& snapshot, const ListingAge& age,
                              SteadyTime now) const {
  const MutexLock lock(mutex_);
  return snapshot.asked() >= listing_->asked || usable(snapshot, age, now);
}

void Directory::start_listing(SteadyTime asked, const ListingAge& age) {
  const auto self = shared_from_this();
  const bool comes_with_a_walk = context_.walks.opened(
      where_, [self, age](Result<SharedSnapshot> snapshot) { self->walked(std::move(snapshot), age); });
  if (!comes_with_a_walk) list_alone(asked, age);
}

void Directory::walked(Result<SharedSnapshot> snapshot, const ListingAge& age) {
  const auto now = context_.clock.now();
  if (!snapshot || !comes_in_time(**snapshot, age, now)) return list_alone(now, age);
  begun(std::move(snapshot), age);
}

void Directory::list_alone(SteadyTime asked, const ListingAge& age) {
  const auto self = shared_from_this();
  auto snapshot = std::make_shared<DirectorySnapshot>(context_.budget, where_.path, asked);
  const std::weak_ptr<DirectorySnapshot> watched = snapshot;  // the listing ends when nobody has it
  snapshot->wait_for(0, [self, snapshot, age](Result<std::size_t> count) {
    self->begun(count ? Result<SharedSnapshot>(snapshot) : std::move(count).error(), age);
  });
  list_directory(context_.store, context_.clock, context_.containers, where_, watched,
                 [self, watched](const Status& outcome) {
                   if (const auto complete = watched.lock(); complete && outcome) self->listed(complete);
                 });
}

void Directory::begun(Result<SharedSnapshot> snapshot, const ListingAge& age) {
  std::vector<Completion<SharedSnapshot>> waiting;
  const auto now = context_.clock.now();
  bool again = false;
  {
    const MutexLock lock(mutex_);
    waiting = take_waiting(*listing_, snapshot.has_value(), now);
    again = !listing_->waiting.empty();
    if (!again) listing_.reset();
    if (snapshot) growing_ = *snapshot;
  }
  if (again) start_listing(now, age);
  for (auto& done : waiting) done(snapshot);
}

void Directory::listed(const SharedSnapshot& snapshot) {
  context_.walks.listed(where_, snapshot->size());
  if (const auto old = context_.snapshots.keep(where_, snapshot)) adopt(*old, *snapshot);
}

void Directory::adopt(const SharedSnapshot& old, const DirectorySnapshot& fresh) {
  const auto [left_out, example] = fresh.left_out();
  std::vector<std::string> changed;
  bool say_left_out = false;
  {
    const MutexLock lock(mutex_);
    changed = answered_otherwise(fresh);
    const auto asked = fresh.asked();
    listed_ = std::max(listed_, asked);
    std::erase_if(answers_, [asked](const auto& answer) { return answer.second.asked <= asked; });
    std::erase_if(doubts_, [asked](const auto& doubt) { return doubt.second < asked; });
    charge();
    say_left_out = left_out > 0 && !std::exchange(said_left_out_, true);
  }
  if (say_left_out) {
    context_.log.warning("names that no path can have are left out",
                         {{"directory", where_.to_string()}, {"count", left_out}, {"first", example}});
  }
  if (!context_.on_change) return;
  if (old) std::ranges::move(changed_names(*old, fresh), std::back_inserter(changed));
  std::ranges::sort(changed);
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  for (const auto& name : changed) context_.on_change(inode_, name);
}

/// What was said last of a name was not told by a listing.
std::vector<std::string> Directory::answered_otherwise(const DirectorySnapshot& fresh) const {
  std::vector<std::string> names;
  for (const auto& [name, answer] : answers_) {
    const auto [decided, now, asked] = fresh.find(name);
    if (answer.asked > asked) continue;
    const bool same = answer.entry && now ? same_version(*answer.entry, *now) : !answer.entry && !now;
    if (!same) names.push_back(name);
  }
  return names;
}

void Directory::details(const std::string& name, const std::string& etag, const DetailsAge& age,
                        Completion<BlobDetails> done) {
  if (auto known = known_details(name, etag, age)) return done(*std::move(known));
  // whatever the age: a listing may know the version, and not the details
  renew(name, MaximumAge{}, [name, etag, done = std::move(done)](const Result<Found>& found) {
    if (!found) return done(found.error());
    if (!found->entry) return done(Error{ErrorCode::not_found, "'" + name + "' is gone"});
    if (found->entry->etag != etag || !found->details)
      return done(Error{ErrorCode::changed, "'" + name + "' is another version by now"});
    done(*found->details);
  });
}

/// The youngest: a blob may change its tier and stay the same version.
std::optional<BlobDetails> Directory::known_details(const std::string& name, const std::string& etag,
                                                    const DetailsAge& age) const {
  const auto now = context_.clock.now();
  const MutexLock lock(mutex_);
  std::optional<BlobDetails> details;
  auto latest_asked = SteadyTime::min();
  const auto is_better = [&](const std::optional<KnownEntry>& entry, SteadyTime asked, Duration longest) {
    return entry && entry->etag == etag && asked > latest_asked && now - asked < longest;
  };
  const auto answer = answers_.find(name);
  if (answer != answers_.end() && answer->second.details &&
      is_better(answer->second.entry, answer->second.asked, age.answered)) {
    details = *answer->second.details;
    latest_asked = answer->second.asked;
  }
  for (const auto& snapshot : {growing_.lock(), latest()}) {
    if (!snapshot) continue;
    const auto known = snapshot->find(name);
    if (!is_better(known.entry, known.asked, age.listed)) continue;
    details = snapshot->details(name);
    latest_asked = known.asked;
  }
  return doubted(name, latest_asked) ? std::nullopt : details;
}

bool Directory::note_absent(const std::string& name, Duration age) {
  const auto now = context_.clock.now();
  const MutexLock lock(mutex_);
  if (noted_absent_.size() >= most_noted_absent)
    std::erase_if(noted_absent_, [now](const auto& noted) { return noted.second <= now; });
  if (noted_absent_.size() >= most_noted_absent) return false;
  noted_absent_.insert_or_assign(name, now + age);
  charge();
  return true;
}

std::vector<std::string> Directory::take_noted_absent() {
  std::vector<std::string> names;
  const MutexLock lock(mutex_);
  for (const auto& [name, until] : noted_absent_) names.push_back(name);
  noted_absent_.clear();
  charge();
  return names;
}

bool Directory::shows_directory(const std::string& name) const {
  const auto now = context_.clock.now();
  const MutexLock lock(mutex_);
  if (const auto noted = noted_absent_.find(name); noted != noted_absent_.end() && noted->second > now)
    return false;
  const auto said = known(name);
  return said && said->entry && said->entry->kind == FileKind::directory;
}

void Directory::doubt(const std::string& name) {
  const auto now = context_.clock.now();
  const MutexLock lock(mutex_);
  if (doubts_.size() >= many_answers) {
    all_doubted_ = now;
    doubts_.clear();
  }
  doubts_.insert_or_assign(name, now);
  charge();
}

void Directory::doubt_all() {
  const auto now = context_.clock.now();
  const MutexLock lock(mutex_);
  all_doubted_ = listing_doubted_ = now;
  std::erase_if(doubts_, [now](const auto& doubt) { return doubt.second <= now; });
  charge();
}

void Directory::doubt_listing() {
  const auto now = context_.clock.now();
  const MutexLock lock(mutex_);
  listing_doubted_ = now;
}

bool Directory::outdated(const std::string& name, SteadyTime asked, const SharedSnapshot& listing) const {
  const MutexLock lock(mutex_);
  if (doubted(name, asked)) return true;
  const auto answer = answers_.find(name);
  if (answer != answers_.end() && answer->second.asked > asked) return true;
  const auto growing = growing_.lock();
  if (!growing || growing == listing) return false;
  const auto found = found_in(*growing, name);
  return found && found->asked > asked;
}

}  // namespace blobmount
