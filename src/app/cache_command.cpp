#include "app/cache_command.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/display.hpp"
#include "app/mount_client.hpp"
#include "app/mount_health.hpp"
#include "cache/disk_care.hpp"
#include "cache/disk_claim.hpp"

namespace blobmount {
namespace {

using nlohmann::json;
using Action = CacheCommand::Action;

constexpr auto pause_between_looks = std::chrono::milliseconds{200};

/// As large as a mount's own at most: with less, versions that cannot be remembered would be removed.
constexpr std::uint64_t memory_for_index = 4ULL << 30U;

/// What there is to say, the same for a mount and for a directory.
struct Outcome {
  json result = json::object();
  bool well = true;
};

json ask(const json& job, const char* member) { return job.value(member, json()); }

bool is_well(const json& job) { return job.value("bad", 0) == 0 && job.value("stuck", 0) == 0; }

Result<Outcome> show(const MountEntry& mount) {
  BM_ASSIGN(answer, ask_mount(mount, {{"command", "status"}}));
  const auto& status = answer["status"];
  return Outcome{.result = {{"memory", ask(status, "memory")}, {"disk_cache", ask(status, "disk_cache")}}};
}

Result<Outcome> run_job(const MountEntry& mount, const char* action) {
  BM_ASSIGN(answer, ask_mount(mount, {{"command", "cache"}, {"action", action}}));
  while (answer["job"].value("running", false)) {
    std::this_thread::sleep_for(pause_between_looks);
    BM_ASSIGN(next, ask_mount(mount, {{"command", "cache"}, {"action", "job"}}));
    answer = std::move(next);
  }
  return Outcome{.result = answer["job"], .well = is_well(answer["job"])};
}

Result<Outcome> at_mount(const MountEntry& mount, Action action) {
  if (action == Action::show) return show(mount);
  return run_job(mount, action == Action::clear ? "clear" : "verify");
}

Result<std::unique_ptr<DiskStore>> open_store(const std::string& path, MemoryBudget& budget) {
  std::error_code failed;
  // claim_directory() would make one, and make any empty one ours
  if (!std::filesystem::is_regular_file(std::filesystem::path(path) / "lock", failed)) {
    return Error{ErrorCode::not_found,
                 "'" + path + "' is neither in a mount of blobmount nor one of its cache directories"};
  }
  auto directory = claim_directory(path);
  if (!directory && directory.error().code == ErrorCode::busy) {
    auto error = std::move(directory).error();
    error.message += ": name its mount instead";
    return error;
  }
  if (!directory) return std::move(directory).error();
  return DiskStore::open(*std::move(directory), budget);
}

Outcome result_of(const DiskProgress& progress, const char* action) {
  return {.result = {{"action", action},
                     {"disk_blobs", progress.versions.load()},
                     {"disk_bytes", progress.bytes.load()},
                     {"bad", progress.bad.load()},
                     {"stuck", progress.stuck.load()}},
          .well = progress.bad == 0 && progress.stuck == 0};
}

Result<Outcome> in_directory(const std::string& path, Action action) {
  MemoryBudget budget(memory_for_index);
  BM_ASSIGN(store, open_store(path, budget));
  DiskProgress progress;
  if (action == Action::clear) {
    clear(*store, progress);
    return result_of(progress, "clear");
  }
  if (action == Action::verify) {
    std::set<DiskName> bad;
    verify(*store, progress,
           [&](const DiskIdentity& identity, std::uint64_t, const Error&) { bad.insert(identity.name); });
    // what is left of them would be fetched again page by page, when somebody reads it
    for (const auto name : bad) {
      if (!store->evict(store->index().find(name))) ++progress.stuck;
    }
    return result_of(progress, "verify");
  }
  return Outcome{
      .result = {
          {"disk_cache",
           {{"directory", path}, {"bytes", store->index().bytes()}, {"blobs", store->index().versions()}}}}};
}

Result<Outcome> carry_out(const CacheCommand& command) {
  auto mount = choose_mount(command.where);
  if (mount) return at_mount(*mount, command.action);
  if (command.where.empty() || mount.error().code != ErrorCode::not_found) return std::move(mount).error();
  return in_directory(command.where, command.action);
}

std::string of_limit(const json& part) {
  const auto bytes = shown_bytes(part.value("bytes", 0.0));
  return part.contains("limit") ? bytes + " of " + shown_bytes(part.value("limit", 0.0)) : bytes;
}

void print_show(const json& result, std::ostream& out) {
  if (const auto memory = ask(result, "memory"); memory.is_object())
    out << "memory  " << of_limit(memory) << "\n";
  const auto disk = ask(result, "disk_cache");
  if (!disk.is_object()) {
    out << "disk    nothing is kept there\n";
    return;
  }
  out << "disk    " << of_limit(disk) << ", " << disk.value("blobs", 0) << " blobs, in "
      << printable(disk.value("directory", "")) << "\n";
}

void print_done(const json& result, std::ostream& out) {
  const auto blobs = std::to_string(result.value("disk_blobs", 0)) + " blobs on disk, " +
                     shown_bytes(result.value("disk_bytes", 0.0));
  if (result.value("action", "") == "clear") {
    out << "dropped " << blobs;
    if (result.contains("memory_bytes"))
      out << "; in memory " << shown_bytes(result.value("memory_bytes", 0.0));
  } else {
    out << "verified " << blobs;
  }
  out << "\n";
  if (const auto bad = result.value("bad", 0); bad > 0)
    out << bad << " pages are not what was written: they are fetched again when they are read\n";
  if (const auto stuck = result.value("stuck", 0); stuck > 0) out << stuck << " blobs could not be removed\n";
}

}  // namespace

Result<int> run_command(const CacheCommand& command, std::ostream& out) {
  BM_ASSIGN(outcome, carry_out(command));
  if (command.json) {
    outcome.result.erase("running");
    out << outcome.result.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
  } else if (command.action == Action::show) {
    print_show(outcome.result, out);
  } else {
    print_done(outcome.result, out);
  }
  return outcome.well ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace blobmount
