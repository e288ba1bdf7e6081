#pragma once

/// One that looks at a mount through system calls, as its dice say, and checks what it sees.

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "support/kernel_in_manual_time.hpp"
#include "support/tree_model.hpp"

namespace blobmount::tests {

/// A file descriptor; -1: none.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  [[nodiscard]] int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

/// Safe to use from one thread at a time. Maps nothing: where the mount is served by the same process, the
/// kernel would hold the lock of its memory while a page is asked for, and a server that needs memory waits.
class Visitor {
 public:
  struct Counts {
    int found = 0, absent = 0, opened = 0, changed = 0, reads = 0, gone = 0, listings = 0, injected = 0;
    int known_names = 0, known_bytes = 0;  ///< by the kernel, which asked nobody
  };

  /// All outlive it. `mount` is the path of the mount.
  Visitor(std::uint64_t seed, std::string mount, const World& world, const Promise& promise,
          const KernelInManualTime& kernel, const std::vector<std::string>& paths)
      : dice_(seed),
        mount_(std::move(mount)),
        world_(world),
        check_(world, promise),
        kernel_(kernel),
        paths_(paths) {}

  /// A system call, or a few. `calm`: nobody else does anything meanwhile.
  void step(bool calm);
  void let_go();
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  /// Of a system call.
  struct Seen {
    int error = 0;  ///< errno, or 0
    struct stat status {};
    [[nodiscard]] bool is_directory() const { return error == 0 && S_ISDIR(status.st_mode); }
  };
  struct File {
    Descriptor descriptor;
    std::uint64_t version;
  };
  struct Place {
    Descriptor descriptor;
    std::string path;
  };
  struct Item {
    std::string name;
    FileKind kind;
    std::int64_t behind;  ///< where the next one is
  };
  struct Listing {
    Descriptor descriptor;
    std::string above;  ///< empty, or ends with '/'
    SteadyTime opened;
    int injected;
    bool to_the_end;
    std::size_t most;
    std::vector<Item> items{};
    std::set<std::string> names{};
    std::size_t at = 0;
    bool complete = false;
  };

  [[nodiscard]] std::string full(const std::string& path) const;
  /// What has failed was made to fail.
  bool is_injected(int error, int injected_before);
  void look(const std::string& path);
  Seen look_at(const std::string& path);
  void check_seen(const std::string& path, const Seen& seen, SteadyTime asked, int injected_before);
  void check_missing(const std::string& path, int error, SteadyTime asked, int injected_before);
  void open(const std::string& path);
  void read(File& file);
  void list(const std::string& path, bool to_the_end);
  void go_on_listing();
  void take_item(Listing& listing, const Item& item);
  void end_of_listing();
  void jump(Listing& listing);
  void walk_on();

  Dice dice_;
  const std::string mount_;
  const World& world_;
  const PromiseCheck check_;
  const KernelInManualTime& kernel_;
  const std::vector<std::string>& paths_;

  bool calm_ = true;
  bool walks_ = false;
  std::optional<Listing> listing_;
  std::deque<std::string> to_read_, to_walk_;
  std::deque<File> files_;
  std::deque<Place> places_;
  std::map<std::string, ino_t> numbers_;
  Counts counts_;
};

}  // namespace blobmount::tests
