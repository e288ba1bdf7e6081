#include "support/refusal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount::tests {

std::string refusal_of(const MountOptions& options) {
  const TemporaryDirectory directory;
  std::vector<std::string> arguments{options.source, directory.path()};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  const auto finished =
      run(blobmount_command(std::move(arguments), options.environment), std::chrono::seconds{45});
  EXPECT_TRUE(finished) << "no answer within 45 seconds";
  if (!finished) return "";

  const auto& said = finished->error_output;
  EXPECT_NE(finished->status, 0) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_FALSE(is_mounted(directory.path())) << said;
  return said;
}

}  // namespace blobmount::tests
