#pragma once

/// `blobmount reload`: settings that have changed in the configuration file, or that it names, come into
/// force.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "app/configuration.hpp"
#include "app/control_server.hpp"
#include "app/mount_command.hpp"
#include "base/log.hpp"

namespace blobmount {

/// The daemon's side. Used by one thread at a time.
class Reloader {
 public:
  /// `apply` puts those settings into force that can change while mounted; the others are as they were.
  /// `log`, which is told what came of it, outlives it.
  Reloader(MountCommand command, std::function<void(const Config&)> apply, Log& log);

  struct Outcome {
    std::vector<std::string> changed{};       ///< names of settings
    std::vector<std::string> need_remount{};  ///< differ from what is in force, and stay as they are
    std::vector<std::string> hidden{};  ///< changed in the file since last time, and given elsewhere, too
  };
  /// Read the file anew, where there is one. `wanted`, by the setting's name, wins over it, and over what was
  /// given for the mount. invalid_argument, and nothing is changed, where anything is wrong, cannot change,
  /// or there is neither; what the credential is made of is passed over while its settings are the same.
  Result<Outcome> reload(const std::map<std::string, std::string>& wanted = {});

 private:
  /// Of each setting, by its name.
  using Values = std::map<std::string, std::string>;
  [[nodiscard]] Values values_of(const Config& config, const GivenValues& given) const;

  GivenLayers given_;
  const CredentialEnvironment environment_;
  const std::function<void(const Config&)> apply_;
  Log& log_;
  LogLevel level_;
  Values in_force_;
};

/// The command "reload". `reloader` outlives the ControlServer.
ControlServer::Handlers commands_for(Reloader& reloader);

/// `blobmount reload [PATH] [--config FILE] [--SETTING VALUE]...`
struct ReloadCommand {
  std::string path{};  ///< in the mount; empty: the mount point of `configuration`, or the only mount
  std::string configuration{};
  std::map<std::string, std::string> wanted{};
  bool json = false;
};

/// The exit status. Prints on stdout what has changed, and on stderr what failed.
int reload(const ReloadCommand& command);

}  // namespace blobmount
