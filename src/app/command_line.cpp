#include "app/command_line.hpp"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>
#include <string.h>
#include <unistd.h>

#include "app/mount_source.hpp"
#include "app/option_values.hpp"

namespace blobmount {
namespace {

constexpr auto key_variable = "AZURE_STORAGE_KEY";
constexpr std::uintmax_t longest_key_file = 4096;
/// With less, a few readers would wait for each other's memory.
constexpr std::uint64_t least_memory = 64ULL << 20U, most_memory = 1ULL << 40U;

struct Arguments {
  std::string source, mount_point;
  std::string client_id, object_id, resource_id, key_file;
  std::string file_mode = "0644", dir_mode = "0755", consistency = "close-to-open";
  std::vector<std::string> containers;
  double attr_ttl_s = 1, stall_timeout_s = 10, retry_timeout_s = 60;
  bool no_check = false;
  Config config;
};

/// An empty text is a variable of a script that was not set: it must not mean the default.
std::string not_empty(const std::string& text) { return text.empty() ? "must not be empty" : ""; }

/// Not "nan", "inf" or "1e99", which are numbers too.
std::string plain_decimal(const std::string& text) {
  return text.find_first_not_of("0123456789.") == std::string::npos ? ""
                                                                    : "must be a number such as 1 or 0.5";
}

void declare(CLI::App& app, Arguments& a) {
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", "blobmount " BLOBMOUNT_VERSION);
  app.add_option("SOURCE", a.source, "ACCOUNT[/CONTAINER[/PREFIX]], or the https:// URL of one of them")
      ->required();
  app.add_option("MOUNTPOINT", a.mount_point, "An existing directory")->required()->check(not_empty);
  app.add_option("--containers", a.containers,
                 "Of an account, show only these: names, or patterns such as logs-* (default: all but $...)")
      ->type_name("GLOB[,GLOB...]")
      ->allow_extra_args(false);
  app.add_flag("-f,--foreground", a.config.foreground, "Stay in the foreground, and log to stderr");
  app.add_flag("--no-check", a.no_check, "Mount even if the service cannot be reached, or refuses, now");

  auto* identity = app.add_option_group("Identity", "The VM's system-assigned managed identity, or one of:");
  identity->require_option(0, 1);
  identity->add_option("--client-id", a.client_id, "User-assigned managed identity, by client id");
  identity->add_option("--object-id", a.object_id,
                       "User-assigned managed identity, by object (principal) id");
  identity->add_option("--resource-id", a.resource_id,
                       "User-assigned managed identity, by Azure resource id");
  identity->add_option(
      "--account-key-file", a.key_file,
      std::string("File with the account's shared key; or the key in the variable ") + key_variable);
  for (auto* option : identity->get_options()) option->check(not_empty);

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
  cache
      ->add_option("--cache-dir", a.config.cache.directory,
                   "Keep what is read in this directory too, over mounts (default: in memory only)")
      ->check(not_empty);
  cache->add_option("--cache-size", a.config.cache.directory_size, "Of the directory at most")
      ->transform(CLI::Validator(plain_size, "SIZE"))
      ->default_str("10GiB");
  cache
      ->add_option("--cache-free-space", a.config.cache.directory_free_space,
                   "What the directory leaves free on its file system")
      ->transform(CLI::Validator(plain_size, "SIZE"))
      ->default_str("1GiB");

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
  more->add_option("--ca-file", a.config.ca_file,
                   "Certificate authorities to trust instead of the system's, PEM");
  more->add_option("--log-file", a.config.log_file, "Log there (default: syslog; stderr in the foreground)");
  more->add_flag("--debug", a.config.debug, "Log every request to the service");
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

Secret trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return Secret(std::move(text));
}

Result<SharedKey> read_key_file(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  std::ifstream file(path);
  if (failed || !file) return Error{ErrorCode::invalid_argument, "cannot read the key file '" + path + "'"};
  if (size == 0 || size > longest_key_file) {
    return Error{ErrorCode::invalid_argument, "the key file '" + path + "' does not hold an account's key"};
  }
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  return SharedKey{trimmed(std::move(text))};
}

/// The programs that we start need not know it, nor who looks at /proc/PID/environ.
Secret take_from_environment(const char* name) {
  char* const text = std::getenv(name);
  if (text == nullptr) return {};
  auto secret = trimmed(text);
  explicit_bzero(text, std::strlen(text));
  unsetenv(name);
  return secret;
}

Result<Credential> credential_of(const Arguments& a) {
  using Kind = ManagedIdentity::Kind;
  auto key_of_environment = take_from_environment(key_variable);
  if (!a.client_id.empty()) return ManagedIdentity{Kind::client_id, a.client_id};
  if (!a.object_id.empty()) return ManagedIdentity{Kind::object_id, a.object_id};
  if (!a.resource_id.empty()) return ManagedIdentity{Kind::resource_id, a.resource_id};
  if (!a.key_file.empty()) {
    BM_ASSIGN(key, read_key_file(a.key_file));
    return key;
  }
  if (!key_of_environment.empty()) return SharedKey{std::move(key_of_environment)};
  return AutomaticIdentity{};
}

Result<std::vector<std::string>> containers_of(const Arguments& a, const MountSource& source) {
  if (!a.containers.empty() && !source.container.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "--containers chooses among the containers of an account, but '" + a.source +
                     "' names one of them: leave out one of the two"};
  }
  return parse_container_patterns(a.containers);
}

Result<Config> config_of(Arguments a) {
  auto& config = a.config;
  BM_ASSIGN(source, parse_mount_source(a.source));
  config.source = std::move(source);
  BM_ASSIGN(credential, credential_of(a));
  config.credential = std::move(credential);
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
  // the background has another working directory; ".." stays, for it may stand behind a symbolic link
  config.mount_point = std::filesystem::absolute(a.mount_point);
  if (!config.ca_file.empty()) config.ca_file = std::filesystem::absolute(config.ca_file);
  if (!config.cache.directory.empty())
    config.cache.directory = std::filesystem::absolute(config.cache.directory);
  if (!config.log_file.empty()) config.log_file = std::filesystem::absolute(config.log_file);
  return std::move(config);
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
    return Error{ErrorCode::invalid_argument,
                 std::string(error.what()) + " (" + app.get_name() + " --help shows what is possible)"};
  }
  return std::nullopt;
}

Result<Order> parse_mount(int argc, const char* const* argv) {
  CLI::App app("Azure Blob Storage as a filesystem: read what the VM's managed identity may read.",
               "blobmount");
  app.footer("Commands for mounts that there are:\n  blobmount refresh PATH...   See now what has changed");
  Arguments arguments;
  arguments.config.appearance.uid = getuid();
  arguments.config.appearance.gid = getgid();
  declare(app, arguments);
  if (auto instead = parse(app, argc, argv)) return *std::move(instead);
  BM_ASSIGN(config, config_of(std::move(arguments)));
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

}  // namespace

Result<Order> parse_command_line(int argc, const char* const* argv) {
  const bool refreshes = argc > 1 && argv[1] == std::string_view("refresh");
  return refreshes ? parse_refresh(argc - 1, argv + 1) : parse_mount(argc, argv);
}

}  // namespace blobmount
