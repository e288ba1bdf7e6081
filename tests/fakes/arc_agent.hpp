#pragma once

/// The agent of a server that Azure Arc manages (himds), as strict as the real one: it gives a token to who
/// knows what is in the key file that it has just written.
/// https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/annotated_mutex.hpp"
#include "fakes/http_server.hpp"
#include "fakes/token_issuer.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class ArcAgent {
 public:
  /// Writes its keys into `directory`, and says that they are in `said_directory`: the same, as those see it
  /// who read them.
  ArcAgent(std::filesystem::path directory, std::string said_directory);
  explicit ArcAgent(const std::filesystem::path& directory) : ArcAgent(directory, directory) {}

  [[nodiscard]] Url url() const { return server_.url("/metadata/identity/oauth2/token"); }
  /// What a program on the server finds.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  TokenIssuer& issuer() { return issuer_; }

  /// As it was before 1.67: takes no notice of an identity that is asked for.
  void become_old() BM_EXCLUDES(mutex_);
  /// From now on it names this file, which is not its own.
  void name_file(std::string path) BM_EXCLUDES(mutex_);
  /// Requests that brought a key, be it the right one or not.
  [[nodiscard]] int keys_received() const BM_EXCLUDES(mutex_);

 private:
  HttpResponse answer(const ServedRequest& request) BM_EXCLUDES(mutex_);
  HttpResponse challenge() BM_REQUIRES(mutex_);
  HttpResponse issue(const ServedRequest& request, const std::string& resource) BM_REQUIRES(mutex_);

  const std::filesystem::path directory_;
  const std::string said_directory_;
  TokenIssuer issuer_;

  mutable Mutex mutex_;
  std::string key_ BM_GUARDED_BY(mutex_);  ///< the last that was written, and not yet used
  std::optional<std::string> named_file_ BM_GUARDED_BY(mutex_);
  std::uint64_t challenges_ BM_GUARDED_BY(mutex_) = 0;
  int keys_received_ BM_GUARDED_BY(mutex_) = 0;
  bool old_ BM_GUARDED_BY(mutex_) = false;

  HttpServer server_;
};

}  // namespace blobmount::tests
