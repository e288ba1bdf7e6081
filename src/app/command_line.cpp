#include "app/command_line.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/credential_choice.hpp"
#include "app/mount_source.hpp"
#include "app/option_values.hpp"

namespace blobmount {
namespace {

/// With less, a few readers would wait for each other's memory.
constexpr std::uint64_t least_memory = 64ULL << 20U, most_memory = 1ULL << 40U;

/// What the kernel asks for in any case; what it may be made to allow, in pages of 4 KiB, is a little less
/// than 256 MiB; up to 8 MiB were tried.
constexpr std::uint64_t least_request = 128ULL << 10U, most_request = 16ULL << 20U;

struct Arguments {
  std::string source;
  CredentialOptions credential;
  std::string file_mode = "0644", dir_mode = "0755", consistency = "close-to-open";
  std::vector<std::string> containers;
  double attr_ttl_s = 1, stall_timeout_s = 10, retry_timeout_s = 60;
  bool no_check = false, debug = false;
  Config config;
};

/// An empty text is a variable of a script that was not set: it must not mean the default.
std::string not_empty(const std::string& text) { return text.empty() ? "must not be empty" : ""; }

/// Not "nan", "inf" or "1e99", which are numbers too.
std::string plain_decimal(const std::string& text) {
  return text.find_first_not_of("0123456789.") == std::string::npos ? ""
                                                                    : "must be a number such as 1 or 0.5";
}

void declare_ca_file(CLI::App& app, Arguments& a) {
  app.add_option("--ca-file", a.config.ca_file,
                 "Certificate authorities to trust instead of the system's, PEM");
}

void declare_cache_directory(CLI::App& app, Arguments& a) {
  app.add_option("--cache-dir", a.config.cache.directory,
                 "Keep what is read in this directory too, over mounts (default: in memory only)")
      ->check(not_empty);
  app.add_option("--cache-free-space", a.config.cache.directory_free_space,
                 "What the directory leaves free on its file system")
      ->transform(CLI::Validator(plain_size, "SIZE"))
      ->default_str("1GiB");
}

void declare(CLI::App& app, Arguments& a) {
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", "blobmount " BLOBMOUNT_VERSION);
  app.add_option("SOURCE", a.source, "ACCOUNT[/CONTAINER[/PREFIX]], or the https:// URL of one of them")
      ->required();
  app.add_option("MOUNTPOINT", a.config.mount_point, "An existing directory")->required()->check(not_empty);
  app.add_option("--containers", a.containers,
                 "Of an account, show only these: names, or patterns such as logs-* (default: all but $...)")
      ->type_name("GLOB[,GLOB...]")
      ->allow_extra_args(false);
  app.add_flag("-f,--foreground", a.config.foreground, "Stay in the foreground, and log to stderr");
  app.add_flag("--no-check", a.no_check, "Mount even if the service cannot be reached, or refuses, now");

  declare_credential_options(app, a.credential);

  auto* appearance = app.add_option_group("Appearance");
  appearance->add_option("--uid", a.config.appearance.uid, "Owner of all files (default: who mounts)");
  appearance->add_option("--gid", a.config.appearance.gid, "Group of all files (default: of who mounts)");
  appearance->add_option("--file-mode", a.file_mode, "Mode of files, octal")->capture_default_str();
  appearance->add_option("--dir-mode", a.dir_mode, "Mode of directories, octal")->capture_default_str();
  appearance->add_flag("--allow-other", a.config.allow_other, "Let other users in, as the modes say");

  auto* cache = app.add_option_group("Cache", "Sizes are bytes, or such as 512MiB and 2GiB");
  cache
      ->add_option("--memory", a.config.cache.memory,
                   "For all that is kept in memory (default: a quarter of what there is, at most 4GiB)")
      ->transform(CLI::Validator(plain_size, "SIZE"))
      ->check(CLI::Range(least_memory, most_memory));
  declare_cache_directory(*cache, a);
  cache->add_option("--cache-size", a.config.cache.directory_size, "Of the directory at most")
      ->transform(CLI::Validator(plain_size, "SIZE"))
      ->default_str("10GiB");

  auto* kernel = app.add_option_group("Kernel");
  kernel
      ->add_option("--passthrough", a.config.kernel.passthrough,
                   "Have the kernel read complete files of --cache-dir by itself, where it can: auto or off")
      ->type_name("MODE")
      ->transform(CLI::CheckedTransformer(std::map<std::string, bool>{{"auto", true}, {"off", false}}))
      ->default_str("auto");
  kernel
      ->add_option(
          "--max-request", a.config.kernel.longest_request,
          "Longest request of the kernel (default: what it allows, at most 4MiB); more than it allows is "
          "allowed then, to all FUSE mounts of this machine")
      ->transform(CLI::Validator(plain_size, "SIZE"))
      ->check(CLI::Range(least_request, most_request));
  kernel
      ->add_option("--io-uring", a.config.kernel.io_uring,
                   "Talk to the kernel over io_uring: auto (where it offers that), on or off")
      ->type_name("MODE")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Use>{{"auto", Use::automatic}, {"on", Use::yes}, {"off", Use::no}}))
      ->default_str("auto");

  auto* more = app.add_option_group("More");
  more->add_option("--consistency", a.consistency,
                   "How fresh: close-to-open, cached:DURATION (such as 30s, 5m, 2h or 1d) or immutable")
      ->type_name("MODE")
      ->capture_default_str();
  more->add_option("--attr-ttl", a.attr_ttl_s, "Seconds for which open trusts what is known")
      ->capture_default_str()
      ->check(plain_decimal)
      ->check(CLI::Range(0.0, 86400.0));
  more->add_option("--stall-timeout", a.stall_timeout_s,
                   "Seconds without a byte after which a request is tried again on another connection")
      ->capture_default_str()
      ->check(plain_decimal)
      ->check(CLI::Range(0.1, 3600.0));
  more->add_option("--retry-timeout", a.retry_timeout_s,
                   "Seconds after which a request that keeps failing is an error")
      ->capture_default_str()
      ->check(plain_decimal)
      ->check(CLI::Range(0.0, 86400.0));
  declare_ca_file(*more, a);
  more->add_option("--log-file", a.config.log.file, "Log there (default: syslog; stderr in the foreground)");
  more->add_flag("--debug", a.debug, "Log every request to the service");
}

Duration duration_of(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

Result<mode_t> parse_mode(const std::string& text, const char* option) {
  std::size_t used = 0;
  unsigned long mode = 0;
  try {
    mode = std::stoul(text, &used, 8);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || mode > 0777) {
    return Error{ErrorCode::invalid_argument,
                 std::string(option) + " takes an octal mode up to 0777, not '" + text + "'"};
  }
  return static_cast<mode_t>(mode);
}

/// A connection string says the account, too.
Status agree(MountSource& source, const std::string& text, const ChosenCredential& chosen) {
  if (chosen.account.empty()) return {};
  if (chosen.account != source.account) {
    return Error{ErrorCode::invalid_argument, "the connection string is for the account '" + chosen.account +
                                                  "', not for '" + source.account + "'"};
  }
  const bool is_url = text.find("://") != std::string::npos;
  if (!is_url) source.endpoint = chosen.endpoint;
  return {};
}

Result<std::vector<std::string>> containers_of(const Arguments& a, const MountSource& source) {
  if (!a.containers.empty() && !source.container.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "--containers chooses among the containers of an account, but '" + a.source +
                     "' names one of them: leave out one of the two"};
  }
  return parse_container_patterns(a.containers);
}

/// Who we are, and where to: the two depend on each other.
Status set_account(Arguments& a, const CredentialEnvironment& environment) {
  auto& config = a.config;
  BM_ASSIGN(chosen, choose_credential(a.credential, environment));
  std::string host;
  if (!a.source.empty()) {
    BM_ASSIGN(source, parse_mount_source(a.source));
    host = source.endpoint.host;
  }
  BM_ASSIGN(cloud, choose_cloud(a.credential, environment, host));
  if (!a.source.empty()) {
    BM_ASSIGN(source, parse_mount_source(a.source, cloud.endpoint_suffix));
    config.source = std::move(source);
    BM_TRY(agree(config.source, a.source, chosen));
  }
  config.credential = std::move(chosen.credential);
  config.credential_origin = std::move(chosen.origin);
  config.credential_tried = std::move(chosen.tried);
  config.warnings = std::move(chosen.warnings);
  config.identity_environment = environment.identity();
  config.cloud = std::move(cloud);
  return {};
}

/// The background has another working directory; ".." stays, for it may stand behind a symbolic link.
void make_absolute(std::string& path) {
  if (!path.empty()) path = std::filesystem::absolute(path);
}

Result<Config> config_of(Arguments a, const CredentialEnvironment& environment) {
  BM_TRY(set_account(a, environment));
  auto& config = a.config;
  BM_ASSIGN(file_mode, parse_mode(a.file_mode, "--file-mode"));
  config.appearance.file_mode = file_mode;
  BM_ASSIGN(dir_mode, parse_mode(a.dir_mode, "--dir-mode"));
  config.appearance.dir_mode = dir_mode;
  BM_ASSIGN(consistency, parse_consistency(a.consistency));
  config.tree.consistency = consistency;
  BM_ASSIGN(containers, containers_of(a, config.source));
  config.tree.containers = std::move(containers);
  config.tree.attr_ttl = duration_of(a.attr_ttl_s);
  config.network.stall_timeout = duration_of(a.stall_timeout_s);
  config.network.retry_timeout = duration_of(a.retry_timeout_s);
  config.check = !a.no_check;
  if (a.debug) config.log.lowest = LogLevel::debug;
  for (auto* const path : {&config.mount_point, &config.ca_file, &config.cache.directory, &config.log.file})
    make_absolute(*path);
  return std::move(config);
}

/// What stands behind an '=', or by itself, may be a secret that somebody typed: only names are repeated.
std::string unexpected(const CLI::App& app) {
  std::string names;
  for (const auto& argument : app.remaining()) {
    if (argument.starts_with('-')) names += " " + argument.substr(0, argument.find('='));
  }
  return names.empty() ? "there are more arguments than expected" : "there is no such option:" + names;
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
    const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    return Error{ErrorCode::invalid_argument, (extras ? unexpected(app) : std::string(error.what())) + " (" +
                                                  app.get_name() + " --help shows what is possible)"};
  }
  return std::nullopt;
}

Result<Order> parse_mount(int argc, const char* const* argv, const CredentialEnvironment& environment) {
  CLI::App app("Azure Blob Storage as a filesystem: read what this machine's managed identity may read.",
               "blobmount");
  app.footer(
      "Commands:\n"
      "  blobmount refresh PATH...                  See now what has changed in a mount\n"
      "  blobmount warm PATH...                     Fetch files and trees into the cache on disk\n"
      "  blobmount identity [ACCOUNT]               Show which credential would be used, and why\n"
      "  blobmount doctor SOURCE [MOUNTPOINT]       Try all that a mount needs, and say what to do");
  Arguments arguments;
  arguments.config.appearance.uid = getuid();
  arguments.config.appearance.gid = getgid();
  declare(app, arguments);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(config, config_of(std::move(arguments), environment));
  return config;
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
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
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
  Arguments arguments;
  IdentityCommand command;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_option("ACCOUNT", arguments.source,
                 "Ask that account, too: ACCOUNT[/CONTAINER[/PREFIX]], or the URL of one of them")
      ->check(not_empty);
  app.add_flag("--json", command.json, "For programs");
  declare_credential_options(app, arguments.credential);
  declare_ca_file(app, arguments);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(config, config_of(std::move(arguments), environment));
  command.config = std::move(config);
  return command;
}

Result<Order> parse_doctor(int argc, const char* const* argv, const CredentialEnvironment& environment) {
  CLI::App app("Try all that a mount needs, one after the other, and say what to do.", "blobmount doctor");
  Arguments arguments;
  DoctorCommand command;
  app.set_help_flag("-h,--help", "Show this help");
  app.add_option("SOURCE", arguments.source,
                 "ACCOUNT[/CONTAINER[/PREFIX]], or the https:// URL of one of them")
      ->required()
      ->check(not_empty);
  app.add_option("MOUNTPOINT", arguments.config.mount_point, "Where it is to be mounted")->check(not_empty);
  app.add_flag("--json", command.json, "For programs");
  declare_credential_options(app, arguments.credential);
  declare_cache_directory(app, arguments);
  declare_ca_file(app, arguments);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(config, config_of(std::move(arguments), environment));
  command.config = std::move(config);
  return command;
}

}  // namespace

Result<Order> parse_command_line(int argc, const char* const* argv) {
  // whatever is ordered: what we start need not know the secrets
  const auto environment = CredentialEnvironment::take();
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "refresh") return parse_refresh(argc - 1, argv + 1);
  if (command == "warm") return parse_warm(argc - 1, argv + 1);
  if (command == "identity") return parse_identity(argc - 1, argv + 1, environment);
  if (command == "doctor") return parse_doctor(argc - 1, argv + 1, environment);
  return parse_mount(argc, argv, environment);
}

}  // namespace blobmount
