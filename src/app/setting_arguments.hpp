#pragma once

/// The settings as flags of a command line.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "blobmount/result.hpp"

#include "app/given_values.hpp"

namespace CLI {
class App;
}

namespace blobmount {

/// What a command line says of settings: flags, "-o", "--config", the source and the mount point.
class SettingArguments {
 public:
  /// Lets `app` take them; its positional arguments in that order. Lives as long as `app`.
  void declare(CLI::App& app, bool takes_mount_point);
  /// Only the flags of what can change while mounted.
  void declare_changeable(CLI::App& app);

  /// With the environment and, where one is named, the configuration file, which is read. invalid_argument
  /// with a sentence for the user.
  [[nodiscard]] Result<GivenLayers> layers() const;
  /// What the flags say, by the setting's name, not yet judged.
  [[nodiscard]] const std::map<std::string, std::string>& flags() const { return given_; }

 private:
  void declare_flag(CLI::App& group, const Setting& setting);
  /// Takes the value that is given for it.
  std::function<void(const std::string&)> taker_of(const Setting& setting);

  std::map<std::string, std::string> given_;  ///< by the setting's name
  std::vector<std::string> mount_options_;
  std::string configuration_;
  bool debug_ = false;
};

/// Reads the file that `layers` names into them, if it names one.
Status read_file_of(GivenLayers& layers);

}  // namespace blobmount
