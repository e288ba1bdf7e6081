#include "app/cache_jobs.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/json_members.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

/// For who asks for the end of one when others have been begun since.
constexpr std::size_t most_remembered = 16;

/// How late it is noticed that the mount ends.
constexpr std::chrono::milliseconds pause_between_looks{50};

}  // namespace

CacheJobs::~CacheJobs() {
  {
    const MutexLock lock(mutex_);
    if (!jobs_.empty()) jobs_.back()->disk.stop = true;
  }
  thread_.stop();
}

Result<CacheJobs::Number> CacheJobs::clear() { return start("clear", &CacheJobs::run_clear); }

Result<CacheJobs::Number> CacheJobs::verify() {
  if (caches_.disk == nullptr)
    return Error{ErrorCode::unsupported, "this mount keeps nothing on disk: there is nothing to verify"};
  return start("verify", &CacheJobs::run_verify);
}

Result<CacheJobs::Number> CacheJobs::start(const std::string& action, Run run) {
  const auto job = std::make_shared<Job>();
  job->action = action;
  {
    const MutexLock lock(mutex_);
    if (!jobs_.empty() && jobs_.back()->running)
      return Error{ErrorCode::busy, "another '" + jobs_.back()->action + "' of this cache is still running"};
    job->number = ++latest_;
    jobs_.push_back(job);
    if (jobs_.size() > most_remembered) jobs_.pop_front();
  }
  thread_.submit([this, job, run] { carry_out(*job, run); });
  return job->number;
}

void CacheJobs::carry_out(Job& job, Run run) {
  try {
    (this->*run)(job);
  } catch (const std::exception& defect) {
    job.failure = defect.what();
  }
  job.running = false;
}

void CacheJobs::run_clear(Job& job) {
  job.memory_bytes = caches_.memory.clear() * page_size;
  if (caches_.memory_files != nullptr) job.memory_bytes += caches_.memory_files->clear();
  if (caches_.disk != nullptr) caches_.disk->clear(job.disk);
  // last: it is filled from the others
  drop_kernel_pages(job);
}

void CacheJobs::drop_kernel_pages(const Job& job) {
  const auto told = std::make_shared<std::promise<void>>();
  caches_.drop_kernel_pages([told] { told->set_value(); });
  const auto done = told->get_future();
  while (!job.disk.stop && done.wait_for(pause_between_looks) != std::future_status::ready) {
  }
}

void CacheJobs::run_verify(Job& job) { caches_.disk->verify(job.disk); }

Result<json> CacheJobs::state(Number number) const {
  const MutexLock lock(mutex_);
  const auto found = std::ranges::find_if(jobs_, [&](const auto& job) { return job->number == number; });
  if (found == jobs_.end())
    return Error{ErrorCode::not_found, "nothing is known of a job " + std::to_string(number)};
  const auto& job = **found;
  const bool running = job.running;
  return json{{"number", job.number},
              {"action", job.action},
              {"running", running},
              {"failure", running ? "" : job.failure},
              {"memory_bytes", job.memory_bytes.load()},
              {"disk_blobs", job.disk.versions.load()},
              {"disk_bytes", job.disk.bytes.load()},
              {"bad", job.disk.bad.load()},
              {"stuck", job.disk.stuck.load()}};
}

ControlServer::Handlers commands_for(CacheJobs& jobs) {
  const auto begin_or_find = [&jobs](const json& request) -> Result<CacheJobs::Number> {
    const auto action = text_in(request, "action");
    if (action == "clear") return jobs.clear();
    if (action == "verify") return jobs.verify();
    if (action == "job") return count_in(request, "number");
    return Error{ErrorCode::invalid_argument, "cache needs an \"action\": clear, verify or job"};
  };
  return {{"cache", [&jobs, begin_or_find](const json& request) -> Result<json> {
             BM_ASSIGN(number, begin_or_find(request));
             BM_ASSIGN(state, jobs.state(number));
             return json{{"job", std::move(state)}};
           }}};
}

}  // namespace blobmount
