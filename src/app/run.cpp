#include "app/run.hpp"

#include <filesystem>

#include "app/access_check.hpp"
#include "app/mount_control.hpp"
#include "app/signer.hpp"
#include "app/tower.hpp"
#include "fuse/adapter.hpp"
#include "fuse/kernel_notices.hpp"
#include "fuse/kernel_read_ahead.hpp"
#include "fuse/session.hpp"

namespace blobmount {
namespace {

/// What `df` and `mount` show.
std::string name_of(const MountSource& source) {
  auto name = source.account;
  if (!source.container.empty()) name += "/" + source.container;
  if (!source.prefix.empty()) name += "/" + source.prefix.substr(0, source.prefix.size() - 1);
  return name;
}

}  // namespace

Status run_mount(const Config& config, Log& log, const std::function<void()>& ready) {
  const auto source = name_of(config.source);
  for (const auto& warning : config.warnings) log.warning("careless setting", {{"what", warning}});
  Network network(config, log);
  BM_ASSIGN(signer, make_signer(config, network.observed, network.clock, log));
  BM_ASSIGN(tower, Tower::build(config, network, signer, log));
  if (config.check) {
    if (auto access = check_access(config, network, signer, log); !access) {
      return std::move(access).error().within("cannot mount '" + source + "'");
    }
  }

  Adapter adapter(tower->tree, config.appearance, log, ready);
  // once it is mounted, to look at it is to ask us
  const auto mount_point = std::filesystem::canonical(config.mount_point).string();
  BM_ASSIGN(session, Session::mount({config.mount_point, source, config.allow_other}, adapter));
  if (auto raised = raise_read_ahead(mount_point, kernel_read_ahead); !raised) {
    log.debug("the kernel's read-ahead stays as it is", {{"reason", raised.error().message}});
  }
  KernelNotices notices(session->handle(), log);  // its thread ends before the session does
  tower->tree.serve(&notices);
  log.info("mounted", {{"source", source}, {"on", config.mount_point}, {"credential", signer.identity()}});
  auto control = serve_control(mount_point, tower->tree, log);
  const auto served = session->serve();
  control.reset();
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
