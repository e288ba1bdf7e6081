#include "app/run.hpp"

#include <filesystem>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/sysinfo.h>

#include "app/access_check.hpp"
#include "app/cache_jobs.hpp"
#include "app/live_mount.hpp"
#include "app/metrics_server.hpp"
#include "app/mount_control.hpp"
#include "app/mount_metrics.hpp"
#include "app/mount_observation.hpp"
#include "app/mount_source.hpp"
#include "app/reload.hpp"
#include "app/signer.hpp"
#include "app/tower.hpp"
#include "app/watchdog.hpp"
#include "base/descriptor_limit.hpp"
#include "fuse/adapter.hpp"
#include "fuse/failure_log.hpp"
#include "fuse/handed_over.hpp"
#include "fuse/io_uring.hpp"
#include "fuse/kernel_notices.hpp"
#include "fuse/kernel_read_ahead.hpp"
#include "fuse/request_size.hpp"
#include "fuse/session.hpp"

namespace blobmount {
namespace {

/// An eighth of the memory, for answers that wait in the kernel's rings.
constexpr std::uint64_t part_for_rings = 8;

/// None where they cannot be used; an Error where they have to be.
Result<Rings> choose_rings(const KernelConfig& kernel, std::uint64_t memory, Log& log) {
  if (kernel.io_uring == Use::no) return Rings{};
  auto offered = io_uring_offered();
  if (offered)
    return rings_within(memory / part_for_rings, static_cast<unsigned>(::get_nprocs_conf()),
                        kernel.longest_request);
  if (kernel.io_uring == Use::yes) return std::move(offered).error().within("--io-uring on");
  log.debug("talks to the kernel over /dev/fuse", {{"io_uring", offered.error().message}});
  return Rings{};
}

/// Null: nobody asked for it.
Result<std::unique_ptr<MetricsServer>> serve_metrics(const MetricsConfig& config,
                                                     const MetricRegistry& metrics) {
  if (config.port == 0) return nullptr;
  return MetricsServer::listen(config.port, [&metrics] { return metrics.text(); });
}

/// Without symbolic links. One that was handed over is in no table of mounts that we see, so what is done to
/// a mount from outside is not done to it.
std::string place_of(const std::string& mount_point) {
  if (handed_over_descriptor(mount_point)) return mount_point;
  return std::filesystem::canonical(mount_point);
}

/// What can change while mounted: Setting::changes_while_mounted.
void put_into_force(const Config& config, Tower& tower, Log& log) {
  log.set_lowest(config.log.lowest);
  tower.network.bytes.set(config.network.bytes_per_second);
  tower.requests.set(config.network.requests_per_second);
  if (*tower.disk) (*tower.disk)->set_limits(config.cache.directory_size, config.cache.directory_free_space);
}

MountCaches caches_of(Tower& tower) {
  return {.memory = tower.memory,
          .memory_files = tower.memory_files.get(),
          .disk = tower.disk->get(),
          .drop_kernel_pages = [&tree = tower.tree](auto done) { tree.drop_pages(std::move(done)); }};
}

/// All threads that a request may pass through. Null: nobody wants to know.
std::unique_ptr<Watchdog> watch(Session& session, Tower& tower, const ServiceManager& manager, Log& log) {
  if (!manager.watchdog()) return nullptr;
  auto& network = tower.network.curl;
  std::vector<Vital> vitals{
      {"the thread that takes the kernel's requests",
       [&session](auto done) { session.leave_errand(std::move(done)); }},
      {"the network's threads", [&network](auto done) { network.on_each_loop(done); }, network.loops()},
      {"the operations' threads", [&tower](auto done) { tower.operations.submit(std::move(done)); }}};
  return std::make_unique<Watchdog>(
      *manager.watchdog(), std::move(vitals), [&manager] { manager.alive(); }, log);
}

}  // namespace

Status run_mount(const MountCommand& command, Log& log, const ServiceManager& manager,
                 const std::function<void()>& ready) {
  const auto& config = command.config;
  const auto source = name_of(config.source);
  raise_descriptor_limit();
  for (const auto& warning : config.warnings) log.warning("careless setting", {{"what", warning}});
  Network network(config, log);
  BM_ASSIGN(signer, make_signer(config, network.observed, network.clock, log));
  BM_ASSIGN(tower, Tower::build(config, network, signer, log));
  if (config.check) {
    if (auto access = check_access(config, network, signer, log); !access) {
      return std::move(access).error().within("cannot mount '" + source + "'");
    }
  }

  auto kernel = config.kernel;
  BM_ASSIGN(longest_request, agree_on_longest_request(kernel.longest_request, tower->budget.total()));
  kernel.longest_request = longest_request;
  BM_ASSIGN(rings, choose_rings(kernel, tower->budget.total(), log));
  const MemoryBudget::Charge ring_memory(tower->budget, rings.bytes, MemoryPurpose::rings);
  if (rings.depth != 0) kernel.background_requests = rings.background;
  const auto usable = [&] {
    manager.ready("serving " + source + " on " + config.mount_point);
    ready();
  };
  FailureLog failures(log, network.clock, network.curl);
  Adapter adapter(tower->tree, config.appearance, kernel, log, failures, usable);
  // once it is mounted, to look at it is to ask us
  const auto mount_point = place_of(config.mount_point);
  const LiveMount live{config, source, mount_point, network,
                       signer, *tower, adapter,     network.clock.wall_now()};
  MetricRegistry metrics;
  declare_metrics(metrics, live);
  BM_ASSIGN(metrics_server, serve_metrics(config.metrics, metrics));
  BM_ASSIGN(session, Session::mount({.mount_point = config.mount_point,
                                     .source = command.device.empty() ? source : command.device,
                                     .allow_other = config.allow_other,
                                     .no_exec = config.no_exec,
                                     .ring_depth = rings.depth},
                                    adapter));
  if (auto raised = raise_read_ahead(mount_point, kernel_read_ahead); !raised) {
    log.debug("the kernel's read-ahead stays as it is", {{"reason", raised.error().message}});
  }
  KernelNotices notices(session->handle(), log);  // its thread ends before the session does
  tower->tree.serve(&notices);
  log.info("mounted", {{"source", source}, {"on", config.mount_point}, {"credential", signer.identity()}});
  auto commands = commands_for(tower->tree);
  commands.merge(commands_about(live, metrics));
  auto cache_jobs = std::make_unique<CacheJobs>(caches_of(*tower));
  commands.merge(commands_for(*cache_jobs));
  Reloader reloader(
      command, [&](const Config& changed) { put_into_force(changed, *tower, log); }, log);
  commands.merge(commands_for(reloader));
  auto control = serve_control(mount_point, std::move(commands), log);
  auto watchdog = watch(*session, *tower, manager, log);
  const auto served = session->serve();
  manager.stopping();
  watchdog.reset();
  control.reset();
  cache_jobs.reset();
  metrics_server.reset();
  tower->tree.serve(nullptr);
  // while the kernel is still there: whoever waits for an answer gets one
  tower->stop();
  // after the answers: the notice that is being sent may wait for who waits for them
  notices.stop();
  if (!served) log.error("the mount broke", {{"reason", served.error().message}});
  log.info("unmounted", {{"source", source}, {"from", config.mount_point}});
  return served;
}

}  // namespace blobmount
