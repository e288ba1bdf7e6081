#include "app/cache_command.hpp"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/display.hpp"
#include "app/json_members.hpp"
#include "app/mount_client.hpp"
#include "app/mount_health.hpp"
#include "cache/disk_care.hpp"
#include "cache/disk_claim.hpp"
#include "cache/disk_scan.hpp"

namespace blobmount {
namespace {

using nlohmann::json;
using Action = CacheCommand::Action;

constexpr auto pause_between_looks = std::chrono::milliseconds{200};

/// What there is to say, the same for a mount and for a directory.
struct Outcome {
  json result = json::object();
  bool well = true;
};

bool is_well(const json& job) { return count_in(job, "bad") == 0 && count_in(job, "stuck") == 0; }

Result<Outcome> show(const MountEntry& mount) {
  BM_ASSIGN(answer, ask_mount(mount, {{"command", "status"}}));
  const auto& status = member_of(answer, "status");
  return Outcome{
      .result = {{"memory", member_of(status, "memory")}, {"disk_cache", member_of(status, "disk_cache")}}};
}

/// The job that the daemon answers with.
Result<json> ask_for_job(const MountEntry& mount, json request) {
  request["command"] = "cache";
  BM_ASSIGN(answer, ask_mount(mount, request));
  auto job = member_of(answer, "job");
  if (job.is_object()) return job;
  return Error{ErrorCode::corrupt, "the daemon's answer is not understood: it is of another version"};
}

Result<Outcome> run_job(const MountEntry& mount, const char* action) {
  BM_ASSIGN(job, ask_for_job(mount, {{"action", action}}));
  while (flag_in(job, "running")) {
    std::this_thread::sleep_for(pause_between_looks);
    BM_ASSIGN(next, ask_for_job(mount, {{"action", "job"}, {"number", count_in(job, "number")}}));
    job = std::move(next);
  }
  if (const auto failure = text_in(job, "failure"); !failure.empty())
    return Error{ErrorCode::internal, "it did not come to its end: " + failure};
  job.erase("running");
  return Outcome{.result = job, .well = is_well(job)};
}

Result<Outcome> at_mount(const MountEntry& mount, Action action) {
  if (action == Action::show) return show(mount);
  return run_job(mount, action == Action::clear ? "clear" : "verify");
}

Result<std::unique_ptr<CacheDirectory>> claim_unused(const std::string& path) {
  auto claimed = claim_directory(path);
  if (!claimed && claimed.error().code == ErrorCode::busy)
    claimed.error().message += ": name its mount instead";
  return claimed;
}

Outcome result_of(const DiskProgress& progress, const char* action) {
  return {.result = {{"action", action},
                     {"disk_blobs", progress.versions.load()},
                     {"disk_bytes", progress.bytes.load()},
                     {"bad", progress.bad.load()},
                     {"stuck", progress.stuck.load()}},
          .well = progress.bad == 0 && progress.stuck == 0};
}

Result<Outcome> show(const std::string& path, CacheDirectory& directory) {
  BM_ASSIGN(kept, survey(directory));
  return Outcome{
      .result = {{"disk_cache", {{"directory", path}, {"bytes", kept.bytes}, {"blobs", kept.versions}}}}};
}

Outcome clear(DiskStore& store) {
  DiskProgress progress;
  clear(store, progress);
  return result_of(progress, "clear");
}

/// What is left of a version with a bad page would be fetched again page by page, when somebody reads it: it
/// is removed.
Outcome verify(DiskStore& store) {
  DiskProgress progress;
  std::set<DiskName> bad;
  const auto useless =
      verify(store, progress,
             [&](const DiskIdentity& identity, std::uint64_t, const Error&) { bad.insert(identity.name); });
  bad.insert(useless.begin(), useless.end());
  for (const auto name : bad) {
    if (!store.evict(store.index().find(name))) ++progress.stuck;
  }
  return result_of(progress, "verify");
}

Result<Outcome> in_directory(const std::string& path, Action action) {
  const auto seen = look_into_directory(path);
  if (!seen) {
    return Error{ErrorCode::not_found,
                 "'" + path + "' is neither in a mount of blobmount nor one of its cache directories"};
  }
  if (action == Action::show) return show(path, **seen);

  BM_ASSIGN(directory, claim_unused(path));
  BM_ASSIGN(kept, survey(*directory));
  // versions that the index cannot remember would be removed
  MemoryBudget budget(DiskIndex::budget_for(kept.versions));
  BM_ASSIGN(store, DiskStore::open(std::move(directory), budget));
  return action == Action::clear ? clear(*store) : verify(*store);
}

Result<Outcome> carry_out(const CacheCommand& command) {
  auto mount = choose_mount(command.where);
  if (mount) return at_mount(*mount, command.action);
  if (command.where.empty() || mount.error().code != ErrorCode::not_found) return std::move(mount).error();
  return in_directory(command.where, command.action);
}

void print_show(const json& result, std::ostream& out) {
  if (const auto& memory = member_of(result, "memory"); memory.is_object())
    out << "memory  " << shown_usage(memory) << "\n";
  const auto& disk = member_of(result, "disk_cache");
  if (!disk.is_object()) {
    out << "disk    nothing is kept there\n";
    return;
  }
  out << "disk    " << shown_usage(disk) << ", " << count_in(disk, "blobs") << " blobs, in "
      << printable(text_in(disk, "directory")) << "\n";
}

void print_done(const json& result, std::ostream& out) {
  const auto blobs = std::to_string(count_in(result, "disk_blobs")) + " blobs on disk, " +
                     shown_bytes(number_in(result, "disk_bytes"));
  if (text_in(result, "action") == "clear") {
    out << "dropped " << blobs;
    if (result.contains("memory_bytes"))
      out << "; in memory " << shown_bytes(number_in(result, "memory_bytes"));
  } else {
    out << "verified " << blobs;
  }
  out << "\n";
  if (const auto bad = count_in(result, "bad"); bad > 0)
    out << bad << " pages are not what was written: they are fetched again when they are read\n";
  if (const auto stuck = count_in(result, "stuck"); stuck > 0)
    out << stuck << " blobs could not be removed\n";
}

}  // namespace

Result<int> run_command(const CacheCommand& command, std::ostream& out) {
  BM_ASSIGN(outcome, carry_out(command));
  if (command.json) {
    out << outcome.result.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
  } else if (command.action == Action::show) {
    print_show(outcome.result, out);
  } else {
    print_done(outcome.result, out);
  }
  return outcome.well ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace blobmount
