#include "fakes/program.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace blobmount::tests {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void keep_signals_for_waiting() {
  const auto signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void wait_for_signal() {
  const auto signals = ending_signals();
  int taken = 0;
  sigwait(&signals, &taken);
}

void announce_port(int port, const std::string& path) {
  if (path.empty()) return;
  const auto draft = path + ".draft";
  std::ofstream(draft) << port << '\n';
  std::filesystem::rename(draft, path);
}

}  // namespace blobmount::tests
