/// The fake metadata endpoint as a program, for scripts.

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "fakes/identity_endpoint.hpp"
#include "fakes/program.hpp"

int main(int argc, char** argv) {
  namespace tests = blobmount::tests;
  CLI::App app{"A metadata endpoint for managed identities, for tests. Ends on SIGTERM."};
  int port = 0;
  int lifetime = 86399;
  std::string port_file;
  app.add_option("--port", port, "Port on 127.0.0.1; 0: any")->capture_default_str();
  app.add_option("--port-file", port_file, "Where to write the port once it listens");
  app.add_option("--lifetime", lifetime, "Seconds that tokens live")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    tests::keep_signals_for_waiting();
    tests::IdentityEndpoint endpoint(port);
    endpoint.set_lifetime(std::chrono::seconds{lifetime});
    tests::announce_port(endpoint.port(), port_file);
    std::cout << "listens on " << endpoint.port() << std::endl;
    tests::wait_for_signal();
  } catch (const std::exception& failure) {
    std::cerr << "identity-endpoint: " << failure.what() << '\n';
    return 1;
  }
}
