#include "app/settings.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "app/option_values.hpp"
#include "app/setting_kinds.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

using namespace setting_kinds;
using Group = SettingGroup;

/// With less, a few readers would wait for each other's memory.
constexpr Bounds<std::uint64_t> memory_bounds{64ULL << 20U, 1ULL << 40U};
/// What the kernel asks for in any case; what it may be made to allow, in pages of 4 KiB, is a little less
/// than 256 MiB; up to 8 MiB were tried.
constexpr Bounds<std::uint64_t> request_bounds{128ULL << 10U, 16ULL << 20U};
/// All but the one that the kernel takes for "as it is": chown(2).
constexpr Bounds<std::uint64_t> ids{0, std::numeric_limits<std::uint32_t>::max() - 1U};
constexpr std::chrono::hours day{24};

/// One of identity; credential_choice.hpp reads its text.
Setting identity(const char* name, const char* value, const char* variable, const char* sentence) {
  return {.name = name,
          .value = value,
          .group = Group::identity,
          .sentence = sentence,
          .is_path = value == std::string_view("FILE"),
          .variable = variable};
}

void add_mount(std::vector<Setting>& all) {
  // judged with the credential, which may know of another endpoint
  all.push_back({.name = "source",
                 .value = "SOURCE",
                 .sentence = "ACCOUNT[/CONTAINER[/PREFIX]], or the https:// URL of one of them",
                 .is_positional = true});
  auto mount_point = path({.name = "mount-point", .value = "MOUNTPOINT", .sentence = "An existing directory"},
                          at(&Config::mount_point));
  mount_point.is_positional = true;
  all.push_back(std::move(mount_point));
  all.push_back(
      with({.name = "containers",
            .value = "GLOB[,GLOB...]",
            .sentence =
                "Of an account, show only these containers: names, or patterns such as logs-*; a name that "
                "begins with $ needs a pattern that does",
            .fallback = "all but $...",
            .is_list = true},
           at(&Config::tree, &TreeConfig::containers), parse_container_patterns,
           [](const auto& patterns) { return joined(patterns, ","); }));
  all.push_back(on_or_off(
      {.name = "no-check", .sentence = "Mount even if the service cannot be reached, or refuses, now"},
      at(&Config::check), false));
}

void add_identity(std::vector<Setting>& all) {
  // the variables are those of Azure's SDKs:
  // https://learn.microsoft.com/azure/developer/python/sdk/authentication/overview
  const std::array those{
      identity("auth", "METHOD", nullptr, "Which way to sign in: docs/identity.md"),
      identity("client-id", "ID", "AZURE_CLIENT_ID",
               "User-assigned managed identity, or application, by client id"),
      identity("object-id", "ID", nullptr, "User-assigned managed identity, by object (principal) id"),
      identity("resource-id", "ID", nullptr, "User-assigned managed identity, by Azure resource id"),
      identity("identity-client-id", "ID", nullptr,
               "federated-identity: the user-assigned managed identity, by client id"),
      identity("tenant-id", "ID", "AZURE_TENANT_ID", "Tenant of an application"),
      identity("federated-token-file", "FILE", "AZURE_FEDERATED_TOKEN_FILE",
               "workload-identity: the token to be exchanged"),
      identity("client-secret-file", "FILE", nullptr,
               "client-secret: the application's secret, read again when it changes, or in "
               "AZURE_CLIENT_SECRET"),
      identity("client-certificate-file", "FILE", "AZURE_CLIENT_CERTIFICATE_PATH",
               "client-certificate: certificate and key, PEM or PKCS#12"),
      identity("client-certificate-password-file", "FILE", nullptr,
               "Of that file, the password, read again with it, or in AZURE_CLIENT_CERTIFICATE_PASSWORD"),
      identity("account-key-file", "FILE", nullptr,
               "account-key: the account's shared key, read again when it changes, or in AZURE_STORAGE_KEY"),
      identity("account-name", "NAME", nullptr,
               "account-key: the account, where the source is a URL of a domain of one's own"),
      identity("sas-file", "FILE", nullptr,
               "sas: a shared access signature, read again when it changes, or in AZURE_STORAGE_SAS_TOKEN"),
      identity("connection-string-file", "FILE", nullptr,
               "connection-string: as the portal shows it, read again when it changes, or in "
               "AZURE_STORAGE_CONNECTION_STRING"),
      identity("cloud", "NAME", nullptr, "public, usgovernment or china; else by the source's URL"),
      identity("endpoint-suffix", "DOMAIN", nullptr, "Of the endpoints of another cloud: core.windows.net"),
      identity("authority", "URL", "AZURE_AUTHORITY_HOST", "Of the tenants of another cloud"),
      identity("audience", "URL", nullptr, "Of storage's tokens in another cloud")};
  all.insert(all.end(), those.begin(), those.end());
  auto& auth = *std::ranges::find(all, std::string_view("auth"), &Setting::name);
  auth.choices = {"managed-identity",   "workload-identity", "federated-identity", "client-secret",
                  "client-certificate", "azure-cli",         "account-key",        "sas",
                  "connection-string",  "anonymous"};
  auto& cloud = *std::ranges::find(all, std::string_view("cloud"), &Setting::name);
  cloud.choices = {"public", "usgovernment", "china"};
}

void add_appearance(std::vector<Setting>& all) {
  const auto appearance = [](auto member) { return at(&Config::appearance, member); };
  const auto group = Group::appearance;
  all.push_back(number({.name = "uid",
                        .value = "UID",
                        .group = group,
                        .sentence = "Owner of all files",
                        .fallback = "who mounts"},
                       appearance(&AppearanceConfig::uid), ids));
  all.push_back(number({.name = "gid",
                        .value = "GID",
                        .group = group,
                        .sentence = "Group of all files",
                        .fallback = "of who mounts"},
                       appearance(&AppearanceConfig::gid), ids));
  all.push_back(
      mode({.name = "file-mode", .value = "MODE", .group = group, .sentence = "Mode of files, octal"},
           appearance(&AppearanceConfig::file_mode)));
  all.push_back(
      mode({.name = "dir-mode", .value = "MODE", .group = group, .sentence = "Mode of directories, octal"},
           appearance(&AppearanceConfig::dir_mode)));
  all.push_back(on_or_off({.name = "allow-other",
                           .group = group,
                           .sentence = "Let other users in, as the modes say; who is not root needs "
                                       "user_allow_other in /etc/fuse.conf"},
                          at(&Config::allow_other)));
  all.push_back(on_or_off(
      {.name = "noexec", .group = group, .sentence = "Let nobody run programs that are in the mount"},
      at(&Config::no_exec)));
}

void add_freshness(std::vector<Setting>& all) {
  all.push_back(
      with({.name = "consistency",
            .value = "MODE",
            .group = Group::freshness,
            .sentence = "How old what is shown may be: close-to-open, cached:DURATION or immutable"},
           at(&Config::tree, &TreeConfig::consistency), parse_consistency, consistency_text));
  all.push_back(duration(
      {.name = "attr-ttl",
       .value = "DURATION",
       .group = Group::freshness,
       .sentence = "With close-to-open, how old knowledge may be that open trusts; 0: it asks each time"},
      at(&Config::tree, &TreeConfig::attr_ttl), {Duration{0}, day}));
}

void add_cache(std::vector<Setting>& all) {
  const auto cache = [](auto member) { return at(&Config::cache, member); };
  const auto group = Group::cache;
  all.push_back(size({.name = "memory",
                      .value = "SIZE",
                      .group = group,
                      .sentence = "For all that is kept in memory: pages of blobs, those on their way "
                                  "included, listings, and the index of cache-dir",
                      .fallback = "a quarter of what there is, at most 4GiB"},
                     cache(&CacheConfig::memory), memory_bounds));
  all.push_back(path({.name = "cache-dir",
                      .value = "DIR",
                      .group = group,
                      .sentence = "Keep what is read in this directory too, over mounts",
                      .fallback = "in memory only"},
                     cache(&CacheConfig::directory)));
  all.push_back(size({.name = "cache-size",
                      .value = "SIZE",
                      .group = group,
                      .sentence = "What the directory may hold; the versions not used for the longest time "
                                  "go first",
                      .changes_while_mounted = true},
                     cache(&CacheConfig::directory_size)));
  all.push_back(size({.name = "cache-free-space",
                      .value = "SIZE",
                      .group = group,
                      .sentence = "What the directory leaves free on its file system",
                      .changes_while_mounted = true},
                     cache(&CacheConfig::directory_free_space)));
}

void add_kernel(std::vector<Setting>& all) {
  const auto kernel = [](auto member) { return at(&Config::kernel, member); };
  const auto group = Group::kernel;
  all.push_back(choice({.name = "passthrough",
                        .value = "MODE",
                        .group = group,
                        .sentence = "Have the kernel read complete files of cache-dir, or of memory, by "
                                    "itself, where it can (auto): Linux 6.9, root"},
                       kernel(&KernelConfig::passthrough), Choices<bool>{{"auto", true}, {"off", false}}));
  all.push_back(choice(
      {.name = "io-uring",
       .value = "MODE",
       .group = group,
       .sentence = "Talk to the kernel over io_uring: where it offers that (auto), on or off: Linux 6.14"},
      kernel(&KernelConfig::io_uring),
      Choices<Use>{{"auto", Use::automatic}, {"on", Use::yes}, {"off", Use::no}}));
  all.push_back(
      size({.name = "max-request",
            .value = "SIZE",
            .group = group,
            .sentence = "Longest request of the kernel; more than it allows is allowed then, to all "
                        "FUSE mounts of this machine, which takes root",
            .fallback = "what it allows, at most 4MiB"},
           kernel(&KernelConfig::longest_request), request_bounds));
}

void add_network(std::vector<Setting>& all) {
  const auto network = [](auto member) { return at(&Config::network, member); };
  const auto group = Group::network;
  all.push_back(
      duration({.name = "stall-timeout",
                .value = "DURATION",
                .group = group,
                .sentence = "Without a byte for so long, a request is tried again on another connection"},
               network(&NetworkConfig::stall_timeout), {Duration{100}, std::chrono::hours{1}}));
  all.push_back(duration({.name = "retry-timeout",
                          .value = "DURATION",
                          .group = group,
                          .sentence = "After so long, a request that keeps failing is an error"},
                         network(&NetworkConfig::retry_timeout), {Duration{0}, day}));
  all.push_back(size({.name = "rate-limit",
                      .value = "SIZE",
                      .group = group,
                      .sentence = "Bytes that all answers together may take in a second, retries included",
                      .fallback = "no limit",
                      .changes_while_mounted = true},
                     network(&NetworkConfig::bytes_per_second)));
  all.push_back(number({.name = "request-limit",
                        .value = "NUMBER",
                        .group = group,
                        .sentence = "Requests that may go to the service in a second, retries included; more "
                                    "wait in order",
                        .fallback = "no limit",
                        .changes_while_mounted = true},
                       network(&NetworkConfig::requests_per_second), {0, 1'000'000}));
  all.push_back(number({.name = "max-connections",
                        .value = "NUMBER",
                        .group = group,
                        .sentence = "Connections that are open at the same time, those kept for later "
                                    "included; requests wait in order",
                        .fallback = "no limit"},
                       network(&NetworkConfig::connections), {0, 10'000}));
  all.push_back(with({.name = "user-agent",
                      .value = "TEXT",
                      .group = group,
                      .sentence = "Stands after blobmount/VERSION in the User-Agent of each request to the "
                                  "Blob service, for whoever reads its logs",
                      .fallback = "nothing"},
                     network(&NetworkConfig::user_agent_suffix), parse_header_text,
                     [](const std::string& text) { return text; }));
  all.push_back(path({.name = "ca-file",
                      .value = "FILE",
                      .group = group,
                      .sentence = "Certificate authorities to trust, PEM",
                      .fallback = "the system's"},
                     at(&Config::ca_file)));
}

void add_watching(std::vector<Setting>& all) {
  const auto log = [](auto member) { return at(&Config::log, member); };
  const auto group = Group::watching;
  all.push_back(choice({.name = "log-level",
                        .value = "LEVEL",
                        .group = group,
                        .sentence = "The least that is logged; debug has each request to the service",
                        .changes_while_mounted = true},
                       log(&LogConfig::lowest),
                       Choices<LogLevel>{{"error", LogLevel::error},
                                         {"warning", LogLevel::warning},
                                         {"info", LogLevel::info},
                                         {"debug", LogLevel::debug}}));
  all.push_back(choice({.name = "log-to",
                        .value = "TARGET",
                        .group = group,
                        .sentence = "Where events go; automatic: to log-file, if there is one; else in the "
                                    "foreground to stderr, unless that is the journal's; else to the "
                                    "journal, where systemd has one, or to syslog"},
                       log(&LogConfig::target),
                       Choices<LogTarget>{{"automatic", LogTarget::automatic},
                                          {"journal", LogTarget::journal},
                                          {"syslog", LogTarget::syslog},
                                          {"stderr", LogTarget::standard_error},
                                          {"file", LogTarget::file}}));
  all.push_back(
      path({.name = "log-file",
            .value = "FILE",
            .group = group,
            .sentence = "The file to log to, made with mode 0600, and anew where it was moved away"},
           log(&LogConfig::file)));
  all.push_back(
      choice({.name = "log-format",
              .value = "FORMAT",
              .group = group,
              .sentence = "How events are written, but for the journal, which has fields of its own"},
             log(&LogConfig::json), Choices<bool>{{"text", false}, {"json", true}}));
  const auto prices = [](double RequestPrices::*price) {
    return [price](auto& config) -> auto& { return config.metrics.prices.*price; };
  };
  all.push_back(number({.name = "metrics-port",
                        .value = "PORT",
                        .group = group,
                        .sentence = "Serve metrics for Prometheus there, on the loopback: docs/metrics.md",
                        .fallback = "only over the control socket"},
                       at(&Config::metrics, &MetricsConfig::port), {0, 65535}));
  all.push_back(with(
      {.name = "price-currency",
       .value = "CODE",
       .group = group,
       .sentence = "Of the prices, for the estimate of what requests cost"},
      [](auto& config) -> auto& { return config.metrics.prices.currency; }, parse_currency,
      [](const std::string& text) { return text; }));
  all.push_back(
      decimal({.name = "price-read",
               .value = "PRICE",
               .group = group,
               .sentence = "Of 10,000 requests that read, and of all others that are no other kind"},
              prices(&RequestPrices::read)));
  all.push_back(decimal(
      {.name = "price-list", .value = "PRICE", .group = group, .sentence = "Of 10,000 requests that list"},
      prices(&RequestPrices::list)));
  all.push_back(decimal({.name = "price-write",
                         .value = "PRICE",
                         .group = group,
                         .sentence = "Of 10,000 requests that write: none so far"},
                        prices(&RequestPrices::write)));
}

std::vector<Setting> make_settings() {
  std::vector<Setting> all;
  for (auto* const add : {add_mount, add_identity, add_appearance, add_freshness, add_cache, add_kernel,
                          add_network, add_watching})
    add(all);
  return all;
}

}  // namespace

std::string_view title_of(SettingGroup group) {
  switch (group) {
    case Group::mount:
      return "What is mounted";
    case Group::identity:
      return "Identity";
    case Group::appearance:
      return "Appearance";
    case Group::freshness:
      return "Freshness";
    case Group::cache:
      return "Cache";
    case Group::kernel:
      return "Kernel";
    case Group::network:
      return "Network";
    case Group::watching:
      return "Logs and metrics";
  }
  return "";
}

std::span<const Setting> settings() {
  static const auto all = make_settings();
  return all;
}

const Setting* find_setting(std::string_view name) {
  const auto all = settings();
  const auto found = std::ranges::find(all, name, &Setting::name);
  return found != all.end() ? &*found : nullptr;
}

std::string nearest_setting(std::string_view name) {
  std::string nearest;
  auto least = 1 + name.size() / 3;  // more than that would be another word
  for (const auto& setting : settings()) {
    const auto apart = edit_distance(name, setting.name);
    if (apart > least || (apart == least && !nearest.empty())) continue;
    least = apart;
    nearest = setting.name;
  }
  return nearest;
}

std::string variable_of(const Setting& setting) {
  std::string name = "BLOBMOUNT_" + setting.name;
  std::ranges::transform(name, name.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

}  // namespace blobmount
