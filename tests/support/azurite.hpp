#pragma once

/// Azurite, Microsoft's emulator of Azure Storage, as a process of the test's own: https, bearer tokens
/// accepted
/// (`--oauth basic`), data in memory.

#include <filesystem>
#include <string>
#include <string_view>

#include "blobmount/http.hpp"

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {

class Azurite {
 public:
  /// Start it on a free port and wait until it listens. The program is found by the environment variable
  /// BLOBMOUNT_AZURITE, or where packaging/test.sh installs it. Throws std::runtime_error that says what to
  /// do.
  Azurite();

  /// Whether there is one to start, for tests that would rather be skipped.
  static bool installed();

  /// Of the account: https://127.0.0.1:PORT/devstoreaccount1
  [[nodiscard]] Url endpoint() const;
  /// PEM, to trust it by.
  [[nodiscard]] std::filesystem::path ca_file() const;

  static constexpr std::string_view account = "devstoreaccount1";
  /// The key that everybody knows, base64.
  /// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
  static constexpr std::string_view account_key =
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

 private:
  TemporaryDirectory directory_;
  Process process_;
  int port_ = 0;
};

}  // namespace blobmount::tests
