#include "app/command_line.hpp"

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "app/argument_error.hpp"
#include "app/configuration.hpp"
#include "app/mount_helper.hpp"
#include "app/setting_arguments.hpp"
#include "app/settings_reference.hpp"

namespace blobmount {
namespace {

Error missing(const CLI::App& app, const std::string& what) {
  return {ErrorCode::invalid_argument,
          what + " is missing (" + app.get_name() + " --help shows what is possible)"};
}

/// What was given. `needs`: an Error where these are not there.
Result<GivenLayers> layers_of(const CLI::App& app, const SettingArguments& arguments,
                              std::initializer_list<const char*> needs) {
  BM_ASSIGN(layers, arguments.layers());
  const auto given = layers.merged();
  for (const auto* const name : needs) {
    if (!given.contains(name)) return missing(app, find_setting(name)->value);
  }
  return layers;
}

Result<MountCommand> command_of(const CLI::App& app, const SettingArguments& arguments,
                                const CredentialEnvironment& environment,
                                std::initializer_list<const char*> needs) {
  BM_ASSIGN(layers, layers_of(app, arguments, needs));
  BM_ASSIGN(config, make_config(layers.merged(), environment));
  return MountCommand{.config = std::move(config), .given = std::move(layers), .environment = environment};
}

/// Nothing where the arguments are to be used; else what there is to say instead.
std::optional<Result<Order>> parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Information{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Information{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return argument_error(app, error);
  }
  return std::nullopt;
}

Result<Order> parse_mount(int argc, const char* const* argv, const CredentialEnvironment& environment) {
  CLI::App app("Azure Blob Storage as a filesystem: read what this machine's managed identity may read.",
               "blobmount");
  app.footer(std::string("Commands:\n") +
             "  blobmount refresh PATH...                  See now what has changed in a mount\n"
             "  blobmount reload [PATH]                    Have a mount read its configuration again\n"
             "  blobmount warm PATH...                     Fetch files and trees into the cache on disk\n"
             "  blobmount identity [ACCOUNT]               Show which credential would be used, and why\n"
             "  blobmount doctor SOURCE [MOUNTPOINT]       Try all that a mount needs, and say what to do\n"
             "  blobmount config show [SOURCE MOUNTPOINT]  Show all settings, and where each comes from\n" +
             operator_commands_help);
  SettingArguments arguments;
  bool foreground = false;
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", "blobmount " BLOBMOUNT_VERSION);
  app.add_flag("-f,--foreground", foreground,
               "Stay in the foreground, and log to stderr or, as a service, to the journal");
  arguments.declare(app, true);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(command, command_of(app, arguments, environment, {"source", "mount-point"}));
  command.config.foreground = foreground;
  return command;
}

/// `argv` begins with the command.
Result<Order> parse_refresh(int argc, const char* const* argv) {
  CLI::App app("See now what has changed: what a mount knows of PATH and all below it is asked for again.",
               "blobmount refresh");
  app.footer("An account that is called \"refresh\" is mounted by its URL.");
  RefreshCommand command;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_option("PATH", command.paths,
                 "In a mount of blobmount: a file, a directory, or what may be there now")
      ->required()
      ->check(not_empty);
  app.add_flag("--json", command.json, "Say on stdout what became of each, for programs");
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  return command;
}

/// `argv` begins with the command.
Result<Order> parse_reload(int argc, const char* const* argv) {
  CLI::App app(
      "Have a mount read its configuration file again, and take what is said here. What can change while it "
      "is mounted comes into force; what cannot is named.",
      "blobmount reload");
  app.footer("An account that is called \"reload\" is mounted by its URL.");
  ReloadCommand command;
  SettingArguments arguments;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_option("PATH", command.path,
                 "In a mount of blobmount (default: the mount point of --config, or the only mount)")
      ->check(not_empty);
  app.add_option("--config", command.configuration, "The configuration file of the mount")
      ->type_name("FILE")
      ->check(not_empty);
  app.add_flag("--json", command.json, "For programs");
  arguments.declare_changeable(app);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  command.wanted = arguments.flags();
  return command;
}

/// `argv` begins with the command.
Result<Order> parse_warm(int argc, const char* const* argv) {
  CLI::App app(
      "Fetch files, and all files of directories, into the cache on disk (--cache-dir): from then on they "
      "are read at its rate, where possible by the kernel itself.",
      "blobmount warm");
  app.footer("An account that is called \"warm\" is mounted by its URL.");
  WarmCommand command;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_option("PATH", command.paths, "In a mount of blobmount: a file or a directory")
      ->required()
      ->check(not_empty);
  app.add_flag("--json", command.json, "At the end, say on stdout what was done, for programs");
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  return command;
}

Result<Order> parse_identity(int argc, const char* const* argv, const CredentialEnvironment& environment) {
  CLI::App app("Show which credential would be used, and why: never the credential itself.",
               "blobmount identity");
  app.footer("With SOURCE, that account is asked, too.");
  SettingArguments arguments;
  IdentityCommand command;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_flag("--json", command.json, "For programs");
  arguments.declare(app, false);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(layers, layers_of(app, arguments, {}));
  BM_ASSIGN(given, report_config(layers.merged(), environment));
  command.given = std::move(given);
  return command;
}

Result<Order> parse_doctor(int argc, const char* const* argv, const CredentialEnvironment& environment) {
  CLI::App app("Try all that a mount needs, one after the other, and say what to do.", "blobmount doctor");
  SettingArguments arguments;
  DoctorCommand command;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_flag("--json", command.json, "For programs");
  arguments.declare(app, true);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(layers, layers_of(app, arguments, {"source"}));
  BM_ASSIGN(given, report_config(layers.merged(), environment));
  command.given = std::move(given);
  return command;
}

Result<Order> parse_config_show(int argc, const char* const* argv, const CredentialEnvironment& environment) {
  CLI::App app("Show all settings as they would be in force, and where each comes from. Nothing is mounted.",
               "blobmount config show");
  SettingArguments arguments;
  bool json = false;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_flag("--json", json, "For programs");
  arguments.declare(app, true);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(layers, layers_of(app, arguments, {}));
  const auto given = layers.merged();
  BM_ASSIGN(report, report_config(given, environment));
  const auto all = effective_settings(report.config, given, environment);
  return Information{
      .text = json ? json_of(all) : text_of(all),
      .warning = report.credential ? "" : "no credential: " + report.credential.error().message};
}

/// `argv` begins with the command.
Result<Order> parse_config(int argc, const char* const* argv, const CredentialEnvironment& environment) {
  const std::string_view what = argc > 1 ? argv[1] : "--help";
  if (what == "show") return parse_config_show(argc - 1, argv + 1, environment);
  CLI::App app("What can be set.", "blobmount config");
  app.footer("blobmount config show --help says more of that one.");
  std::string format;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_subcommand("show", "Show all settings as they would be in force, and where each comes from");
  auto* const reference = app.add_subcommand("reference", "Write down all settings, for other programs");
  reference->add_option("FORMAT", format, "One of " + reference_formats())->required();
  app.require_subcommand(1);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(text, settings_reference(format));
  return Information{std::move(text)};
}

}  // namespace

Result<Order> parse_command_line(int argc, const char* const* argv) {
  // whatever is ordered: what we start need not know the secrets
  const auto environment = CredentialEnvironment::take();
  if (argc > 0 && is_mount_helper(argv[0])) {
    BM_ASSIGN(order, parse_mount_helper(argc, argv, environment));
    return std::visit([](auto&& what) { return Order(std::move(what)); }, std::move(order));
  }
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "refresh") return parse_refresh(argc - 1, argv + 1);
  if (command == "reload") return parse_reload(argc - 1, argv + 1);
  if (command == "warm") return parse_warm(argc - 1, argv + 1);
  if (command == "identity") return parse_identity(argc - 1, argv + 1, environment);
  if (command == "doctor") return parse_doctor(argc - 1, argv + 1, environment);
  if (command == "config") return parse_config(argc - 1, argv + 1, environment);
  if (is_operator_command(command)) {
    BM_ASSIGN(order, parse_operator_command(argc - 1, argv + 1));
    return order;
  }
  return parse_mount(argc, argv, environment);
}

}  // namespace blobmount
