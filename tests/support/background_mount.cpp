#include "support/background_mount.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <signal.h>

#include "support/eventually.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

bool is_number(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Whether one of the arguments of process `pid` is `argument`.
bool has_argument(const std::filesystem::path& process, const std::string& argument) {
  std::ifstream file(process / "cmdline");
  std::stringstream content;
  content << file.rdbuf();  // of one that ends meanwhile, an iterator would throw
  const auto arguments = content.str();
  return arguments.find('\0' + argument + '\0') != std::string::npos;
}

Finished run_to_background(const MountOptions& options, const std::filesystem::path& mount_point) {
  std::filesystem::create_directory(mount_point);
  auto arguments = mount_arguments(options, mount_point, mount_point.parent_path());
  auto finished = run(blobmount_command(std::move(arguments), options.environment), 60s);
  if (!finished) throw std::runtime_error("blobmount neither mounts nor gives up");
  return *std::move(finished);
}

}  // namespace

BackgroundMount::BackgroundMount(const MountOptions& options)
    : mount_point_(directory_.path() / "mount"), command_(run_to_background(options, mount_point_)) {}

BackgroundMount::~BackgroundMount() {
  detach(mount_point_);
  if (gone(20s)) return;
  for (const auto daemon : daemons()) ::kill(daemon, SIGKILL);
}

std::vector<pid_t> BackgroundMount::daemons() const {
  std::vector<pid_t> found;
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    const auto name = process.path().filename().string();
    if (is_number(name) && has_argument(process.path(), mount_point_)) found.push_back(std::stoi(name));
  }
  return found;
}

bool BackgroundMount::gone(Duration timeout) const {
  return eventually(timeout, [this] { return !is_mounted(mount_point_) && daemons().empty(); });
}

}  // namespace blobmount::tests
