/// The fake Blob service as a program, for scripts and benches.

#include <cstdint>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "fakes/blob_service.hpp"
#include "fakes/program.hpp"

namespace {

namespace tests = blobmount::tests;

/// "512", "16KiB", "1GiB", ...
std::uint64_t size_of(const std::string& text) {
  std::size_t digits = 0;
  const auto number = std::stoull(text, &digits);
  const auto unit = text.substr(digits);
  static const std::vector<std::string> units{"", "KiB", "MiB", "GiB", "TiB"};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (unit == units[i]) return number << (10 * i);
  }
  throw std::invalid_argument("not a size: " + text);
}

struct Place {
  std::string container, name;
  std::string rest;  ///< what follows the last colon
};

/// CONTAINER/NAME:REST
Place place_of(const std::string& text) {
  const auto slash = text.find('/');
  const auto colon = text.rfind(':');
  if (slash == std::string::npos || colon == std::string::npos || colon < slash) {
    throw std::invalid_argument("not CONTAINER/NAME:SIZE: " + text);
  }
  return {text.substr(0, slash), text.substr(slash + 1, colon - slash - 1), text.substr(colon + 1)};
}

void put_blob(tests::BlobCatalog& blobs, const std::string& text) {
  const auto place = place_of(text);
  blobs.put_synthetic(place.container, place.name, size_of(place.rest));
}

void put_folder(tests::BlobCatalog& blobs, const std::string& text) {
  const auto place = place_of(text);
  const auto numbers = CLI::detail::split(place.rest, 'x');
  if (numbers.size() < 2 || numbers.size() > 3)
    throw std::invalid_argument("not [FOLDERSx]BLOBSxSIZE: " + text);
  const bool nested = numbers.size() == 3;
  blobs.put_folder(place.container, {.prefix = place.name,
                                     .folders = nested ? std::stoull(numbers[0]) : 0,
                                     .blobs = std::stoull(numbers[nested ? 1 : 0]),
                                     .blob_size = size_of(numbers.back())});
}

std::chrono::microseconds milliseconds(double number) {
  return std::chrono::microseconds{static_cast<std::int64_t>(number * 1000)};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "A Blob service for tests and benches, over http, or https with a certificate. Ends on SIGTERM."};
  int port = 0;
  std::string port_file, account = "devstoreaccount1";
  std::vector<std::string> containers, blobs, folders;
  double first_byte_ms = 0, jitter_ms = 0, list_ms = 0, list_jitter_ms = 0, mib_per_second = 0;
  bool require_authorization = false;
  tests::CertificateFiles tls;
  app.add_option("--port", port, "Port on 127.0.0.1; 0: any")->capture_default_str();
  app.add_option("--port-file", port_file, "Where to write the port once it listens");
  app.add_option("--account", account, "First part of each path")->capture_default_str();
  app.add_option("--container", containers, "An empty container");
  app.add_option("--blob", blobs, "CONTAINER/NAME:SIZE, as test/a.bin:8GiB");
  app.add_option("--folder", folders, "CONTAINER/PREFIX/:[FOLDERSx]BLOBSxSIZE, as test/d/:100x100x16KiB");
  app.add_option("--first-byte-ms", first_byte_ms, "Time to the first byte of an answer");
  app.add_option("--jitter-ms", jitter_ms, "So much more or less");
  app.add_option("--mib-per-second", mib_per_second, "Rate of each connection; 0: no limit");
  const auto* list =
      app.add_option("--list-ms", list_ms, "Time to the first byte of a list, where it differs");
  app.add_option("--list-jitter-ms", list_jitter_ms, "So much more or less");
  auto* certificate = app.add_option("--tls-cert", tls.certificate, "PEM; serve https, and no http");
  auto* key = app.add_option("--tls-key", tls.key, "Of the certificate; PEM")->needs(certificate);
  certificate->needs(key);
  app.add_flag("--require-authorization", require_authorization, "Refuse requests without a token");
  CLI11_PARSE(app, argc, argv);

  try {
    tests::keep_signals_for_waiting();
    tests::BlobService service(port, account, key->count() > 0 ? std::optional(tls) : std::nullopt);
    for (const auto& name : containers) service.blobs().create_container(name);
    for (const auto& text : blobs) put_blob(service.blobs(), text);
    for (const auto& text : folders) put_folder(service.blobs(), text);
    tests::NetworkModel network{.first_byte = {milliseconds(first_byte_ms), milliseconds(jitter_ms)},
                                .bytes_per_second = mib_per_second * 1024 * 1024};
    if (list->count() > 0) network.list = {milliseconds(list_ms), milliseconds(list_jitter_ms)};
    service.set_network(network);
    service.access().require_authorization(require_authorization);

    tests::announce_port(service.port(), port_file);
    std::cout << "listens on " << service.port() << std::endl;
    tests::wait_for_signal();
  } catch (const std::exception& failure) {
    std::cerr << "blob-service: " << failure.what() << '\n';
    return 1;
  }
}
