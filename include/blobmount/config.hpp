#pragma once

/// Everything that can be set, with its default. What is read from where is src/app's business.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <sys/types.h>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// What is mounted: an account, a container of it, or a prefix in that container.
struct MountSource {
  std::string account{};
  Url endpoint{};           ///< of the account; path "/" or, for an emulator, "/account"
  std::string container{};  ///< empty: the account
  std::string prefix{};     ///< empty, or ends with '/'
};

/// Which managed identity: the system-assigned one, or a user-assigned one by one of its three names.
struct ManagedIdentity {
  enum class Kind : std::uint8_t { system_assigned, client_id, object_id, resource_id };
  Kind kind = Kind::system_assigned;
  std::string id{};
};

/// What a host with an endpoint for managed identities tells the programs it runs: variables, of which an
/// empty one is not set, and an agent.
/// https://learn.microsoft.com/entra/msal/dotnet/advanced/managed-identity
struct IdentityEnvironment {
  std::string identity_endpoint{};           ///< IDENTITY_ENDPOINT
  Secret identity_header{};                  ///< IDENTITY_HEADER
  std::string identity_server_thumbprint{};  ///< IDENTITY_SERVER_THUMBPRINT
  std::string msi_endpoint{};                ///< MSI_ENDPOINT
  Secret msi_secret{};                       ///< MSI_SECRET
  std::string imds_endpoint{};               ///< IMDS_ENDPOINT
  std::string authority_host{};              ///< AZURE_POD_IDENTITY_AUTHORITY_HOST
  std::string default_client_id{};           ///< DEFAULT_IDENTITY_CLIENT_ID
  bool has_arc_agent = false;                ///< /opt/azcmagent/bin/himds is there
};

/// An application of a tenant, and what proves that we are it.
/// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
struct Application {
  std::string tenant{};  ///< id or domain
  std::string client_id{};
};

struct ClientSecret {
  Application application{};
  Secret secret{};     ///< empty where there is a `file`
  std::string file{};  ///< that holds it, watched for a new one
};

struct ClientCertificate {
  Application application{};
  std::string file{};           ///< PEM with certificate and key, or PKCS#12
  Secret password{};            ///< of the file; empty: none, or there is a `password_file`
  std::string password_file{};  ///< that holds it, read with `file`
};

/// A token that another authority gives out, such as Kubernetes, is exchanged.
struct WorkloadIdentity {
  Application application{};
  std::string token_file{};  ///< read again for every exchange: it is replaced every hour or so
};

/// The token of a managed identity of this machine is exchanged for the application's, maybe of another
/// tenant.
struct FederatedIdentity {
  Application application{};
  ManagedIdentity identity{};
};

/// What `az login` has left.
struct AzureCli {
  std::string tenant{};  ///< empty: the one that is logged in
};

/// A managed identity, if this machine has an endpoint for one; else what `az login` has left, if there is
/// `az`.
struct AutomaticIdentity {
  ManagedIdentity identity{};
};

struct SharedKey {
  Secret key{};           ///< base64, as the portal shows it; empty where there is a `file`
  std::string file{};     ///< that holds it, watched for a new one
  std::string account{};  ///< of which the connection string is that `file` holds; empty: it holds the key
};

/// A shared access signature.
struct SharedAccessSignature {
  Secret token{};         ///< "sv=...&sig=...", with or without a '?'
  std::string file{};     ///< that holds it, watched for a new one; empty: `token` it is
  std::string account{};  ///< of which the connection string is that `file` holds; empty: it holds the token
};

/// Only what everybody may read.
struct Anonymous {};

using Credential =
    std::variant<AutomaticIdentity, ManagedIdentity, WorkloadIdentity, FederatedIdentity, ClientSecret,
                 ClientCertificate, AzureCli, SharedKey, SharedAccessSignature, Anonymous>;

/// Which cloud the account is in: whose tokens it takes. The default is the public one.
struct Cloud {
  std::string endpoint_suffix = "core.windows.net";
  Url authority{.scheme = "https", .host = "login.microsoftonline.com"};
  /// The resource of storage's tokens, without a slash at its end.
  std::string audience = "https://storage.azure.com";
  /// Of tokens that are exchanged for an application's.
  std::string exchange_audience = "api://AzureADTokenExchange";
};

/// How fresh what is shown must be.
struct Consistency {
  enum class Kind : std::uint8_t {
    close_to_open,  ///< open sees what was committed before, if that is TreeConfig::attr_ttl ago
    cached,         ///< what is known is asked for again when it is older than `age`
    immutable,      ///< what is known is never asked for again
  };
  Kind kind = Kind::close_to_open;
  Duration age{0};
};

struct TreeConfig {
  Consistency consistency{};
  /// How old an answer may be when a file or directory is opened, or a name is said to be absent. What stat
  /// shows may be ten times as old.
  Duration attr_ttl{std::chrono::seconds{1}};
  /// Of an account, the containers to show: patterns as fnmatch(3) has them. Those whose name begins with '$'
  /// belong to the service; they are shown where a pattern begins so, too. Empty: all but them.
  std::vector<std::string> containers{};
};

struct AppearanceConfig {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t file_mode = 0644;
  mode_t dir_mode = 0755;
};

struct CacheConfig {
  /// Bytes for everything that is kept in memory: pages, those on their way included, and listings.
  /// 0: a quarter of what the machine or the cgroup has, at most 4 GiB.
  std::uint64_t memory = 0;
  std::string directory{};                           ///< absolute; empty: nothing is kept on disk
  std::uint64_t directory_size = 10ULL << 30U;       ///< bytes kept there at most
  std::uint64_t directory_free_space = 1ULL << 30U;  ///< bytes left free on that file system
};

/// Whether to use what not every kernel has.
enum class Use : std::uint8_t {
  automatic,  ///< where it is there
  yes,        ///< refuse to go without
  no,
};

/// Bytes of the longest request that is used without being asked for.
inline constexpr std::uint64_t longest_unasked = 4ULL << 20U;

/// Ways between the kernel and us.
struct KernelConfig {
  bool passthrough = true;        ///< where it is there
  Use io_uring = Use::automatic;  ///< instead of /dev/fuse
  /// Bytes of the longest request. 0: what the kernel allows, at most longest_unasked. More than it allows
  /// takes root, and is then allowed to all FUSE mounts of the machine.
  std::uint64_t longest_request = 0;
  /// Requests that the kernel sends before an answer comes: its read-ahead of a score of readers.
  unsigned background_requests = 128;
};

struct NetworkConfig {
  /// No byte for that long: the try is given up, and resumed on another connection.
  Duration stall_timeout{std::chrono::seconds{10}};
  /// A request that keeps failing is given up after that long.
  Duration retry_timeout{std::chrono::seconds{60}};
  std::uint64_t bytes_per_second = 0;  ///< of bodies, all together; 0: no limit
  unsigned requests_per_second = 0;    ///< to the service; 0: no limit
  unsigned connections = 0;            ///< at the same time; 0: no limit
  std::string user_agent_suffix{};     ///< after "blobmount/VERSION"; printable, without line breaks
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

enum class LogTarget : std::uint8_t {
  automatic,  ///< in the foreground stderr; else the journal, where there is one, or syslog
  journal,
  syslog,
  standard_error,
  file,  ///< LogConfig::file
};

struct LogConfig {
  LogTarget target = LogTarget::automatic;
  std::string file{};  ///< absolute; made with mode 0600
  bool json = false;   ///< an object for each line, instead of text
  LogLevel lowest = LogLevel::info;
};

/// What 10,000 requests of a kind cost. The defaults are those of hot, locally redundant storage.
struct RequestPrices {
  std::string currency = "USD";
  double read = 0.005;  ///< Get Blob, Get Blob Properties, and all that are no other kind
  double list = 0.065;  ///< List Blobs, List Containers
  double write = 0.065;
};

struct MetricsConfig {
  std::uint16_t port = 0;  ///< on the loopback, for Prometheus; 0: none
  RequestPrices prices{};
};

struct Config {
  MountSource source;
  std::string mount_point;  ///< absolute
  Credential credential;
  std::string credential_origin{};  ///< for people: which setting made it this one
  std::vector<std::string>
      credential_tried{};                    ///< for people: what would have come before it, and was not set
  std::vector<std::string> warnings{};       ///< of what was set; for the log, once there is one
  IdentityEnvironment identity_environment;  ///< where managed identities come from
  Cloud cloud;
  std::string ca_file;  ///< PEM; empty: the system's
  TreeConfig tree;
  CacheConfig cache;
  KernelConfig kernel;
  NetworkConfig network;
  AppearanceConfig appearance;
  bool allow_other = false;
  bool no_exec = false;  ///< no program in the mount is run
  bool foreground = false;
  bool check = true;  ///< ask the service before mounting, and refuse what cannot work
  LogConfig log;
  MetricsConfig metrics;
};

}  // namespace blobmount
