#include "app/cache_jobs.hpp"

#include <nlohmann/json.hpp>

namespace blobmount {

using nlohmann::json;

CacheJobs::~CacheJobs() {
  {
    const MutexLock lock(mutex_);
    if (job_) job_->disk.stop = true;
  }
  thread_.stop();
}

Status CacheJobs::clear() { return start("clear", &CacheJobs::run_clear); }

Status CacheJobs::verify() {
  if (disk_ == nullptr)
    return Error{ErrorCode::unsupported, "this mount keeps nothing on disk: there is nothing to verify"};
  return start("verify", &CacheJobs::run_verify);
}

Status CacheJobs::start(const std::string& action, void (CacheJobs::*run)(Job&)) {
  const auto job = std::make_shared<Job>();
  job->action = action;
  {
    const MutexLock lock(mutex_);
    if (job_ && job_->running)
      return Error{ErrorCode::busy, "another '" + job_->action + "' of this cache is still running"};
    job_ = job;
  }
  thread_.submit([this, job, run] {
    (this->*run)(*job);
    job->running = false;
  });
  return {};
}

void CacheJobs::run_clear(Job& job) {
  job.memory_bytes = memory_.clear() * page_size;
  if (disk_ != nullptr) disk_->clear(job.disk);
}

void CacheJobs::run_verify(Job& job) { disk_->verify(job.disk); }

json CacheJobs::state() const {
  const MutexLock lock(mutex_);
  if (!job_) return nullptr;
  return {{"action", job_->action},
          {"running", job_->running.load()},
          {"memory_bytes", job_->memory_bytes.load()},
          {"disk_blobs", job_->disk.versions.load()},
          {"disk_bytes", job_->disk.bytes.load()},
          {"bad", job_->disk.bad.load()},
          {"stuck", job_->disk.stuck.load()}};
}

ControlServer::Handlers commands_for(CacheJobs& jobs) {
  return {{"cache", [&jobs](const json& request) -> Result<json> {
             const auto action = request.value("action", "");
             if (action == "clear") {
               BM_TRY(jobs.clear());
             } else if (action == "verify") {
               BM_TRY(jobs.verify());
             } else if (action != "job") {
               return Error{ErrorCode::invalid_argument, "cache needs an \"action\": clear, verify or job"};
             }
             return json{{"job", jobs.state()}};
           }}};
}

}  // namespace blobmount
