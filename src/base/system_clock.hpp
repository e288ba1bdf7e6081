#pragma once

/// The real clock.

#include "blobmount/clock.hpp"

namespace blobmount {

class SystemClock final : public Clock {
 public:
  SteadyTime now() override;
  WallTime wall_now() override;
  void wait_until(std::condition_variable_any& bell, std::unique_lock<std::mutex>& lock,
                  SteadyTime time) override;
};

}  // namespace blobmount
