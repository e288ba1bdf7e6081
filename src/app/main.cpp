#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>

#include <malloc.h>
#include <sys/prctl.h>

#include "app/background.hpp"
#include "app/command_line.hpp"
#include "app/display.hpp"
#include "app/doctor.hpp"
#include "app/identity_command.hpp"
#include "app/mount_helper.hpp"
#include "app/preflight.hpp"
#include "app/refresh.hpp"
#include "app/reload.hpp"
#include "app/run.hpp"
#include "app/warm.hpp"
#include "base/open_log.hpp"
#include "http/openssl_memory.hpp"

namespace blobmount {
namespace {

int fail(const std::string& reason, int status = EXIT_FAILURE) {
  std::cerr << "blobmount: " << printable(reason) << std::endl;
  return status;
}

Result<std::unique_ptr<Log>> open_log_of(const Config& config) try {
  return open_log(config.log, config.foreground);
} catch (const std::runtime_error& error) {
  return Error{ErrorCode::invalid_argument, error.what()};
}

int mount_and_serve(const MountCommand& command, const ServiceManager& manager,
                    const std::function<void()>& ready) {
  const auto log = open_log_of(command.config);
  if (!log) return fail(log.error().message, command.settings_status);
  const auto served = run_mount(command, **log, manager, ready);
  return served ? EXIT_SUCCESS : fail(served.error().message, command.failure_status);
}

int carry_out(const Information& information) {
  if (!information.warning.empty()) std::cerr << "blobmount: " << printable(information.warning) << std::endl;
  std::cout << information.text;
  return EXIT_SUCCESS;
}

int carry_out(const RefreshCommand& command) { return refresh(command); }

int carry_out(const ReloadCommand& command) { return reload(command); }

int carry_out(const WarmCommand& command) { return warm(command); }

int carry_out(const IdentityCommand& command) {
  const auto report = report_identity(command.given);
  command.json ? report.print_json(std::cout) : report.print(std::cout, false);
  return report.all_well() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int carry_out(const DoctorCommand& command) {
  const auto report = examine(command.given);
  command.json ? report.print_json(std::cout) : report.print(std::cout, true);
  return report.all_well() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int carry_out(const MountCommand& command) {
  const auto& config = command.config;
  const auto manager = ServiceManager::take_from_environment();
  if (!manager) return fail(manager.error().message, command.failure_status);
  if (manager->is_there()) take_away_dead_mount(config.mount_point);
  if (const auto usable = check_mount_point(config.mount_point); !usable)
    return fail(usable.error().message, command.failure_status);
  if (const auto usable = check_cache_directory(config.cache.directory, config.mount_point); !usable)
    return fail(usable.error().message, command.failure_status);
  if (const auto usable = check_secret_files(command.given.merged(), config.mount_point); !usable)
    return fail(usable.error().message, command.failure_status);
  if (config.foreground) return mount_and_serve(command, *manager, [] {});
  return run_in_background(
      [&](const auto& become_ready) { return mount_and_serve(command, *manager, become_ready); });
}

int run(int argc, const char* const* argv) {
  const auto order = parse_command_line(argc, argv);
  if (!order) return fail(order.error().message, is_mount_helper(argv[0]) ? mount_usage_error : usage_error);
  return std::visit([](const auto& what) { return carry_out(what); }, *order);
}

}  // namespace
}  // namespace blobmount

int main(int argc, char** argv) {
  // tokens and keys are in this memory: no core file, no debugger of another process of the user
  prctl(PR_SET_DUMPABLE, 0);
  if (!blobmount::wipe_what_openssl_frees())
    std::cerr << "blobmount: OpenSSL does not wipe what it frees: it was used before" << std::endl;
#ifdef M_ARENA_MAX
  // what one thread frees serves the others, too: with an arena for each of them, what listings have freed
  // came to 10 MiB more that no budget counts
  mallopt(M_ARENA_MAX, 2);
#endif
  try {
    return blobmount::run(argc, argv);
  } catch (const std::exception& error) {
    return blobmount::fail(error.what());
  }
}
