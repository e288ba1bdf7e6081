#include "tree/directory.hpp"

#include <utility>

#include "tree/listing.hpp"
#include "tree/resolution.hpp"

namespace blobmount {
namespace {

/// Above this many names asked for one by one, those too old to be used go.
constexpr std::size_t many_answers = 4096;
constexpr auto longest_use = std::chrono::minutes{10};
constexpr SteadyTime long_ago = SteadyTime{} - std::chrono::hours{24};

bool young_enough(const Found& found, MaximumAge age, SteadyTime now) {
  return now - found.as_of <= (found.entry ? age.present : age.absent);
}

}  // namespace

void Directory::look_up(const std::string& name, MaximumAge age, Completion<Found> done) {
  std::optional<Found> answer;
  bool first = false;
  {
    const MutexLock lock(mutex_);
    answer = known(name);
    if (!answer || !young_enough(*answer, age, clock_.now())) {
      answer.reset();
      auto& waiting = waiting_for_name_[name];
      first = waiting.empty();
      waiting.push_back(std::move(done));
    }
  }
  if (answer) return done(*std::move(answer));
  if (first) resolve(name);
}

std::optional<Found> Directory::known(const std::string& name) const {
  // an answer is dropped when a snapshot younger than it comes, so it is the younger of the two
  if (const auto answer = answers_.find(name); answer != answers_.end()) return answer->second;
  if (!snapshot_) return std::nullopt;
  const auto* const entry = snapshot_->find(name);
  return Found{entry != nullptr ? std::optional(*entry) : std::nullopt, snapshot_->as_of()};
}

void Directory::resolve(const std::string& name) {
  resolve_name(store_, where_, name, [self = shared_from_this(), name, asked = clock_.now()](auto entry) {
    if (!entry) return self->resolved(name, std::move(entry).error());
    self->resolved(name, Found{*std::move(entry), asked});
  });
}

void Directory::resolved(const std::string& name, Result<Found> found) {
  std::vector<Completion<Found>> waiting;
  {
    const MutexLock lock(mutex_);
    waiting = std::move(waiting_for_name_.extract(name).mapped());
    if (answers_.size() >= many_answers) drop_old_answers();
    if (found) answers_.insert_or_assign(name, *found);
  }
  for (auto& done : waiting) done(found);
}

void Directory::drop_old_answers() {
  const auto now = clock_.now();
  std::erase_if(answers_, [now](const auto& answer) { return now - answer.second.as_of > longest_use; });
  if (answers_.size() >= many_answers) answers_.clear();
}

void Directory::list(Duration maximum_age, Completion<SharedSnapshot> done) {
  SharedSnapshot fresh;
  bool first = false;
  {
    const MutexLock lock(mutex_);
    if (snapshot_ && clock_.now() - snapshot_->as_of() <= maximum_age) {
      fresh = snapshot_;
    } else {
      first = waiting_for_listing_.empty();
      waiting_for_listing_.push_back(std::move(done));
    }
  }
  if (fresh) return done(std::move(fresh));
  if (!first) return;
  list_directory(store_, clock_, where_,
                 [self = shared_from_this(), asked = clock_.now()](Result<DirectorySnapshot> snapshot) {
                   self->listed(std::move(snapshot), asked);
                 });
}

void Directory::listed(Result<DirectorySnapshot> snapshot, SteadyTime asked) {
  std::vector<Completion<SharedSnapshot>> waiting;
  SharedSnapshot fresh = snapshot ? std::make_shared<const DirectorySnapshot>(*std::move(snapshot)) : nullptr;
  bool say_left_out = false;
  {
    const MutexLock lock(mutex_);
    waiting.swap(waiting_for_listing_);
    if (fresh) {
      snapshot_ = fresh;
      std::erase_if(answers_, [asked](const auto& answer) { return answer.second.as_of <= asked; });
      say_left_out = fresh->left_out() > 0 && !std::exchange(said_left_out_, true);
    }
  }
  if (say_left_out) {
    log_.warning("names that no path can have are left out", {{"directory", where_.to_string()},
                                                              {"count", fresh->left_out()},
                                                              {"first", fresh->left_out_example()}});
  }
  for (auto& done : waiting) fresh ? done(fresh) : done(snapshot.error());
}

void Directory::doubt(const std::string& name) {
  const MutexLock lock(mutex_);
  answers_.insert_or_assign(name, Found{.as_of = long_ago});
}

}  // namespace blobmount
