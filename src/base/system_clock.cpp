#include "base/system_clock.hpp"

namespace blobmount {

SteadyTime SystemClock::now() { return std::chrono::steady_clock::now(); }

WallTime SystemClock::wall_now() { return std::chrono::system_clock::now(); }

void SystemClock::wait_until(std::condition_variable_any& bell, std::unique_lock<std::mutex>& lock,
                             SteadyTime time) {
  bell.wait_until(lock, time);
}

}  // namespace blobmount
