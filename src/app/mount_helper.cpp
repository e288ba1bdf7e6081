#include "app/mount_helper.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/argument_error.hpp"
#include "app/configuration.hpp"
#include "app/environment.hpp"
#include "app/mount_options.hpp"
#include "app/setting_arguments.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

struct Arguments {
  std::string source, mount_point, name_space, type;
  std::vector<std::string> options;
  bool only_check = false, sloppy = false, verbose = false, no_table = false;
};

void declare(CLI::App& app, Arguments& a) {
  app.set_help_flag("-h,--help", "Show this help");
  app.add_option("SOURCE", a.source, "ACCOUNT[/CONTAINER[/PREFIX]], or the https:// URL of one of them")
      ->required();
  app.add_option("MOUNTPOINT", a.mount_point, "An existing directory")->required();
  app.add_option("-o", a.options, "Settings, and config=FILE")->allow_extra_args(false);
  app.add_option("-t", a.type, "The type: blobmount, or ends with .blobmount");
  app.add_option("-N", a.name_space, "Not supported");
  app.add_flag("-f", a.only_check, "Check what is written, and do not mount");
  app.add_flag("-s", a.sloppy, "Pass over options that are unknown");
  app.add_flag("-v", a.verbose, "Nothing more is said");
  app.add_flag("-n", a.no_table, "There is no table to be written");
}

Result<MountCommand> command_of(const Arguments& a, const CredentialEnvironment& environment) {
  if (!a.name_space.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "-N is not supported: run mount inside of that namespace, with nsenter"};
  }
  // mount(8) takes a line of /etc/fstab for mounted where both show the same
  MountCommand command{.environment = environment,
                       .device = a.source,
                       .failure_status = mount_failure,
                       .settings_status = mount_failure};
  command.given.environment = values_of_environment();
  command.given.file_name = text_variable("BLOBMOUNT_CONFIG");
  auto& given = command.given.command_line;
  BM_ASSIGN(values, parse_mount_options(joined(a.options, ","), a.sloppy));
  given = std::move(values);
  if (auto file = given.extract("config"); !file.empty()) command.given.file_name = file.mapped().text;
  if (!command.given.file_name.empty())
    command.given.file_name = std::filesystem::absolute(command.given.file_name);
  BM_TRY(give(given, *find_setting("source"), a.source, "SOURCE"));
  BM_TRY(give(given, *find_setting("mount-point"), a.mount_point, "MOUNTPOINT"));
  BM_TRY(read_file_of(command.given));
  BM_ASSIGN(config, make_config(command.given.merged(), environment));
  command.config = std::move(config);
  return command;
}

}  // namespace

bool is_mount_helper(const char* program) {
  return std::filesystem::path(program).filename() == "mount.blobmount";
}

Result<MountHelperOrder> parse_mount_helper(int argc, const char* const* argv,
                                            const CredentialEnvironment& environment) {
  CLI::App app("What mount -t blobmount runs.", "mount.blobmount");
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Information{app.help()};
  } catch (const CLI::ParseError& error) {
    return argument_error(app, error);
  }
  BM_ASSIGN(command, command_of(arguments, environment));
  if (arguments.only_check) return Information{};
  return command;
}

}  // namespace blobmount
