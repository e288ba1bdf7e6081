#include "base/thread.hpp"

#include <algorithm>
#include <csignal>

#include <pthread.h>

namespace blobmount {
namespace {

constexpr std::size_t longest_name = 15;  // a longer one would be refused, and not cut

/// Blocks every signal in this thread while it lives; a thread started meanwhile inherits the mask. Not those
/// of a defect in the thread itself: blocked, they would kill the process without a crash report.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int defect : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&all, defect);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::thread start_thread(std::string name, std::function<void()> body) {
  name.resize(std::min(name.size(), longest_name));
  const SignalsBlocked blocked;
  return std::thread([name = std::move(name), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
}

}  // namespace blobmount
