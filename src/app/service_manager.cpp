#include "app/service_manager.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "app/control_socket.hpp"
#include "app/environment.hpp"
#include "cache/system_files.hpp"

namespace blobmount {
namespace {

/// For a service manager that is slow to read, whose queue is full.
constexpr timeval longest_wait{.tv_sec = 5, .tv_usec = 0};

std::string take(const char* name) {
  auto text = text_variable(name);
  unsetenv(name);
  return text;
}

template <typename Number>
Result<Number> number_of(const char* name, const std::string& text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0) return number;
  return Error{ErrorCode::invalid_argument,
               std::string(name) + " is no number above 0; it is the service manager's to set"};
}

/// https://www.freedesktop.org/software/systemd/man/latest/sd_watchdog_enabled.html
Result<std::optional<Duration>> watchdog_of(const std::string& microseconds, const std::string& process) {
  if (microseconds.empty()) return std::nullopt;
  BM_ASSIGN(interval, number_of<std::int64_t>("WATCHDOG_USEC", microseconds));
  if (!process.empty()) {
    BM_ASSIGN(who, number_of<pid_t>("WATCHDOG_PID", process));
    if (who != ::getpid()) return std::nullopt;
  }
  return std::chrono::ceil<Duration>(std::chrono::microseconds{interval});
}

struct Address {
  sockaddr_un value{};
  socklen_t size = 0;
};

Result<Address> parse_address(const std::string& text) {
  const bool is_name = text.starts_with('@');
  if (!is_name && !text.starts_with('/')) {
    return Error{ErrorCode::invalid_argument, "NOTIFY_SOCKET is neither an absolute path nor '@' and a name"};
  }
  BM_ASSIGN(value, socket_address(text));
  // a name of Linux's own has a 0 in front, and no end but the address's
  if (is_name) value.sun_path[0] = '\0';
  return Address{value, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size())};
}

/// A line is a member: a name with line breaks stays within its own.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (auto& character : line) {
    if (static_cast<unsigned char>(character) < ' ') character = '?';
  }
  return line;
}

}  // namespace

Result<ServiceManager> ServiceManager::take_from_environment() {
  ServiceManager manager;
  manager.address_ = take("NOTIFY_SOCKET");
  const auto microseconds = take("WATCHDOG_USEC"), process = take("WATCHDOG_PID");
  if (manager.address_.empty()) return manager;
  if (auto address = parse_address(manager.address_); !address) return std::move(address).error();
  BM_ASSIGN(watchdog, watchdog_of(microseconds, process));
  manager.watchdog_ = watchdog;
  return manager;
}

void ServiceManager::ready(std::string_view status) const {
  tell("READY=1\nMAINPID=" + std::to_string(::getpid()) + "\nSTATUS=" + one_line(status));
}

void ServiceManager::stopping() const { tell("STOPPING=1\nSTATUS=unmounting"); }

void ServiceManager::alive() const { tell("WATCHDOG=1"); }

void ServiceManager::tell(const std::string& lines) const {
  if (address_.empty()) return;
  const auto address = parse_address(address_);
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!address || !socket) return;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &longest_wait, sizeof longest_wait);
  ::sendto(socket.number(), lines.data(), lines.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address->value), address->size);
}

}  // namespace blobmount
