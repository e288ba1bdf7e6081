#include "app/operator_commands.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>

#include "app/argument_error.hpp"
#include "app/display.hpp"

namespace blobmount {
namespace {

constexpr std::array<std::string_view, 5> names{"list", "status", "unmount", "cache", "top"};

class Parser {
 public:
  Parser(const char* description, const std::string& name) : app_(description, "blobmount " + name) {
    app_.set_help_flag("-h,--help", "Show this help");
    app_.footer("An account that is called \"" + name + "\" is mounted by its URL.");
  }
  [[nodiscard]] CLI::App& app() { return app_; }

  template <typename Command>
  Result<OperatorCommand> parse(int argc, const char* const* argv, const Command& command) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return Information{app_.help()};
    } catch (const CLI::ParseError& error) {
      return Error{ErrorCode::invalid_argument,
                   std::string(error.what()) + " (" + app_.get_name() + " --help shows what is possible)"};
    }
    return command;
  }

 private:
  CLI::App app_;
};

void declare_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "For programs"); }

Result<OperatorCommand> parse_list(int argc, const char* const* argv) {
  Parser parser("Show the mounts of this machine, and how they are.", "list");
  ListCommand command;
  declare_json(parser.app(), command.json);
  return parser.parse(argc, argv, command);
}

Result<OperatorCommand> parse_status(int argc, const char* const* argv) {
  Parser parser("Show how a mount is: who serves it, with which credential, and what is wrong with it.",
                "status");
  StatusCommand command;
  parser.app()
      .add_option("PATH", command.path, "In a mount of blobmount (default: the only one that there is)")
      ->check(not_empty);
  declare_json(parser.app(), command.json);
  return parser.parse(argc, argv, command);
}

Result<OperatorCommand> parse_unmount(int argc, const char* const* argv) {
  Parser parser("Take mounts away, and wait for their daemons to end.", "unmount");
  UnmountCommand command;
  auto& app = parser.app();
  auto* const points =
      app.add_option("MOUNTPOINT", command.mount_points, "What to unmount")->check(not_empty);
  auto* const all = app.add_flag("--all", command.all, "All mounts of this user; of all users, for root");
  points->excludes(all);
  app.add_flag("--lazy", command.lazy,
               "Also where it is in use: gone at once, it ends when nobody uses it any more");
  declare_json(app, command.json);
  app.callback([&command] {
    if (!command.all && command.mount_points.empty()) throw CLI::RequiredError("MOUNTPOINT or --all");
  });
  return parser.parse(argc, argv, command);
}

Result<OperatorCommand> parse_cache(int argc, const char* const* argv) {
  Parser parser("Look at what a mount keeps in memory and on disk, check it, or drop it.", "cache");
  CacheCommand command;
  using Action = CacheCommand::Action;
  auto& app = parser.app();
  app.add_option("ACTION", command.action,
                 "show: what is kept; clear: drop what is not in use; verify: read all that is on disk, and "
                 "drop what is not what was written")
      ->required()
      ->type_name("")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Action>{
          {"show", Action::show}, {"clear", Action::clear}, {"verify", Action::verify}}));
  app.add_option("WHERE", command.where,
                 "A path in a mount, or a cache directory that no mount uses (default: the only mount)")
      ->check(not_empty);
  declare_json(app, command.json);
  return parser.parse(argc, argv, command);
}

Result<OperatorCommand> parse_top(int argc, const char* const* argv) {
  Parser parser("Watch what a mount does: rates, latencies, hits, cost, busiest files. q quits.", "top");
  TopCommand command;
  auto& app = parser.app();
  app.add_option("PATH", command.path, "In a mount of blobmount (default: the only one that there is)")
      ->check(not_empty);
  app.add_flag("--once", command.once, "Print the rates of one second, and end");
  declare_json(app, command.json);
  return parser.parse(argc, argv, command);
}

int fail(const Error& error) {
  std::cerr << "blobmount: " << printable(error.message) << std::endl;
  return EXIT_FAILURE;
}

int exit_status(const Result<int>& status) { return status ? *status : fail(status.error()); }

int run(const Information& help) {
  std::cout << help.text;
  return EXIT_SUCCESS;
}
int run(const ListCommand& command) { return run_command(command, std::cout); }
int run(const UnmountCommand& command) { return run_command(command, std::cout, std::cerr); }
template <typename Command>
int run(const Command& command) {
  return exit_status(run_command(command, std::cout));
}

}  // namespace

const char* const operator_commands_help =
    "  blobmount list                             Show the mounts of this machine, and how they are\n"
    "  blobmount status [PATH]                    Show how a mount is\n"
    "  blobmount top [PATH]                       Watch what a mount does\n"
    "  blobmount cache show|clear|verify [WHERE]  Look at what is kept, drop it, or check it\n"
    "  blobmount unmount MOUNTPOINT...|--all      Take mounts away";

bool is_operator_command(std::string_view name) { return std::ranges::count(names, name) > 0; }

Result<OperatorCommand> parse_operator_command(int argc, const char* const* argv) {
  const std::string_view name = argv[0];
  if (name == "list") return parse_list(argc, argv);
  if (name == "status") return parse_status(argc, argv);
  if (name == "unmount") return parse_unmount(argc, argv);
  if (name == "cache") return parse_cache(argc, argv);
  return parse_top(argc, argv);
}

int carry_out(const OperatorCommand& command) {
  return std::visit([](const auto& what) { return run(what); }, command);
}

}  // namespace blobmount
