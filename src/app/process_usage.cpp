#include "app/process_usage.hpp"

#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

namespace blobmount {
namespace {

std::chrono::microseconds duration_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

}  // namespace

std::chrono::microseconds cpu_time_used() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
}

std::uint64_t resident_memory() {
  std::ifstream statistics("/proc/self/statm");
  std::uint64_t all = 0, resident = 0;
  statistics >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace blobmount
