#include "tree/directory.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tree/listing.hpp"
#include "tree/resolution.hpp"

namespace blobmount {
namespace {

/// Above this many names asked for one by one, those too old to be used go.
constexpr std::size_t many_answers = 4096;
constexpr auto longest_use = std::chrono::minutes{10};

bool young_enough(const Found& found, MaximumAge age, SteadyTime now) {
  if (!found.entry) return now - found.asked < age.absent;
  return now - (age.since_told ? found.told : found.asked) < age.present;
}

}  // namespace

void Directory::look_up(const std::string& name, MaximumAge age, Completion<Found> done) {
  const auto now = clock_.now();
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
      // it may have been answered before this call began; close-to-open hangs on it
      const bool late = !first && (now - request.asked >= std::min(age.present, age.absent) ||
                                   doubted(name, request.asked));
      (late ? request.late : request.waiting).push_back(std::move(done));
    }
  }
  if (answer) return done(*std::move(answer));
  if (first) resolve(name, now);
}

std::optional<Found> Directory::known(const std::string& name) const {
  std::optional<Found> found;
  // an answer is dropped when a snapshot younger than it comes, so it is the younger of the two
  if (const auto answer = answers_.find(name); answer != answers_.end()) {
    found = answer->second;
  } else if (const auto snapshot = snapshot_.lock()) {
    const auto* const entry = snapshot->find(name);
    found =
        Found{entry != nullptr ? std::optional(*entry) : std::nullopt, snapshot->asked(), snapshot->told()};
  }
  return found && !doubted(name, found->asked) ? found : std::nullopt;
}

bool Directory::doubted(const std::string& name, SteadyTime asked) const {
  const auto doubt = doubts_.find(name);
  return doubt != doubts_.end() && asked <= doubt->second;
}

void Directory::resolve(const std::string& name, SteadyTime asked) {
  resolve_name(store_, where_, name, [self = shared_from_this(), name, asked](auto entry) {
    if (!entry) return self->resolved(name, std::move(entry).error());
    self->resolved(name, Found{*std::move(entry), asked, asked});
  });
}

void Directory::resolved(const std::string& name, Result<Found> found) {
  std::vector<Completion<Found>> waiting;
  const auto now = clock_.now();
  bool again = false;
  {
    const MutexLock lock(mutex_);
    const auto request = resolving_.find(name);
    waiting = take_waiting(request->second, found.has_value(), now);
    again = !request->second.waiting.empty();
    if (!again) resolving_.erase(request);
    if (answers_.size() >= many_answers) drop_old_answers();
    if (found) {
      answers_.insert_or_assign(name, *found);
      if (!doubted(name, found->asked)) doubts_.erase(name);
    }
  }
  if (again) resolve(name, now);
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
  const auto now = clock_.now();
  std::erase_if(answers_, [now](const auto& answer) { return now - answer.second.asked > longest_use; });
  if (answers_.size() >= many_answers) answers_.clear();
}

void Directory::list(Duration maximum_age, Completion<SharedSnapshot> done) {
  const auto now = clock_.now();
  SharedSnapshot fresh;
  bool first = false;
  {
    const MutexLock lock(mutex_);
    fresh = snapshot_.lock();
    if (!fresh || now - fresh->asked() >= maximum_age) {
      fresh.reset();
      first = !listing_;
      if (first) listing_.emplace().asked = now;
      const bool late = !first && now - listing_->asked >= maximum_age;
      (late ? listing_->late : listing_->waiting).push_back(std::move(done));
    }
  }
  if (fresh) return done(std::move(fresh));
  if (first) start_listing();
}

void Directory::start_listing() {
  list_directory(store_, clock_, where_, [self = shared_from_this()](Result<DirectorySnapshot> snapshot) {
    self->listed(std::move(snapshot));
  });
}

void Directory::listed(Result<DirectorySnapshot> snapshot) {
  std::vector<Completion<SharedSnapshot>> waiting;
  SharedSnapshot old;
  SharedSnapshot fresh = snapshot ? std::make_shared<const DirectorySnapshot>(*std::move(snapshot)) : nullptr;
  const auto now = clock_.now();
  bool again = false;
  bool say_left_out = false;
  {
    const MutexLock lock(mutex_);
    waiting = take_waiting(*listing_, fresh != nullptr, now);
    again = !listing_->waiting.empty();
    if (!again) listing_.reset();
    if (fresh) {
      old = std::exchange(snapshot_, fresh).lock();
      const auto asked = fresh->asked();
      std::erase_if(answers_, [asked](const auto& answer) { return answer.second.asked <= asked; });
      std::erase_if(doubts_, [asked](const auto& doubt) { return doubt.second < asked; });
      say_left_out = fresh->left_out() > 0 && !std::exchange(said_left_out_, true);
    }
  }
  snapshots_.drop(old);
  if (fresh) snapshots_.keep(fresh);
  if (again) start_listing();
  if (say_left_out) {
    log_.warning("names that no path can have are left out", {{"directory", where_.to_string()},
                                                              {"count", fresh->left_out()},
                                                              {"first", fresh->left_out_example()}});
  }
  for (auto& done : waiting) fresh ? done(fresh) : done(snapshot.error());
}

void Directory::doubt(const std::string& name) {
  const auto now = clock_.now();
  const MutexLock lock(mutex_);
  doubts_.insert_or_assign(name, now);
}

}  // namespace blobmount
