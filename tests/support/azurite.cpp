#include "support/azurite.hpp"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

#include "support/certificate.hpp"

namespace blobmount::tests {
namespace {

std::filesystem::path azurite_program() {
  const char* told = std::getenv("BLOBMOUNT_AZURITE");
  if (told != nullptr) return told;
  return std::filesystem::path(BLOBMOUNT_SOURCE_DIR) / "build/azurite/node_modules/.bin/azurite-blob";
}

void require_azurite() {
  if (Azurite::installed()) return;
  throw std::runtime_error(
      "no Azurite at " + azurite_program().string() +
      ": run packaging/test.sh, which installs it, or set BLOBMOUNT_AZURITE to azurite-blob");
}

Command command_for(const std::filesystem::path& directory) {
  require_azurite();
  const auto files = make_certificate(directory);
  return {.arguments = {azurite_program(), "--blobPort", "0", "--inMemoryPersistence", "--extentMemoryLimit",
                        "2048", "--silent", "--disableTelemetry", "--oauth", "basic", "--cert",
                        files.certificate, "--key", files.key},
          .environment = {},
          .unset = {"AZURITE_ACCOUNTS"},  // would replace the account that we promise
          .directory = directory};
}

/// Azurite takes a port of the kernel's choice and says which.
int port_it_tells(const Process& process) {
  static constexpr std::string_view telling = "successfully listens on https://127.0.0.1:";
  // node needs half a second on an idle machine, and many times that on a busy one
  if (!process.wait_for_output(telling, std::chrono::seconds{60})) {
    throw std::runtime_error("Azurite does not start: " + process.output() + process.error_output());
  }
  const auto output = process.output();
  return std::atoi(output.c_str() + output.find(telling) + telling.size());
}

}  // namespace

Azurite::Azurite() : process_(command_for(directory_.path())), port_(port_it_tells(process_)) {}

bool Azurite::installed() { return ::access(azurite_program().c_str(), X_OK) == 0; }

Url Azurite::endpoint() const {
  return {
      .scheme = "https", .host = "127.0.0.1", .port = port_, .path = "/" + std::string(account), .query = {}};
}

std::filesystem::path Azurite::ca_file() const { return directory_.path() / "certificate.pem"; }

}  // namespace blobmount::tests
