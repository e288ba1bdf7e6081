#include "support/visitor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace blobmount::tests {
namespace {

constexpr std::size_t most_files = 20, most_places = 5;

std::string words_of(int error) { return ::strerrordesc_np(error); }

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

std::string Visitor::full(const std::string& path) const { return mount_ + "/" + path; }

void Visitor::step(bool calm) {
  calm_ = calm;
  if (files_.size() > most_files) files_.pop_front();
  if (places_.size() > most_places) places_.pop_front();
  if (listing_ && !dice_.one_in(3)) return go_on_listing();
  if (!files_.empty() && dice_.one_in(4)) return read(files_[dice_.below(files_.size())]);
  if (!to_read_.empty() || !to_walk_.empty()) {
    if (!dice_.one_in(30)) return walk_on();
    to_read_.clear();
    to_walk_.clear();
  }
  switch (dice_.below(8)) {
    case 0:
    case 1:
    case 2:
      return look(dice_.one_of(paths_));
    case 3:
    case 4:
      return open(dice_.one_of(paths_));
    case 5:
      return list(dice_.one_of(paths_), dice_.one_in(3));
    case 6:
      return list("", dice_.one_in(3));
    default:
      walks_ = true;
      return list("", true);
  }
}

void Visitor::let_go() {
  listing_.reset();
  files_.clear();
  places_.clear();
}

bool Visitor::is_injected(int error, int injected_before) {
  if ((error != EIO && error != EACCES) || kernel_.injected() == injected_before) return false;
  ++counts_.injected;
  return true;
}

void Visitor::look(const std::string& path) {
  const auto asked = world_.now();
  const int injected = kernel_.injected(), lookups = kernel_.lookups();
  const auto seen = look_at(path);
  if (calm_ && kernel_.lookups() == lookups) ++counts_.known_names;
  check_seen(path, seen, asked, injected);
}

/// In one of the ways there are.
Visitor::Seen Visitor::look_at(const std::string& path) {
  Seen seen;
  const auto ask = [&seen](int outcome) { seen.error = outcome == 0 ? 0 : errno; };
  for (const auto& place : places_) {
    if (!path.starts_with(place.path + "/") || dice_.one_in(2)) continue;
    ask(::fstatat(place.descriptor.number(), path.substr(place.path.size() + 1).c_str(), &seen.status, 0));
    return seen;
  }
  if (dice_.one_in(2)) {
    ask(::stat(full(path).c_str(), &seen.status));
    return seen;
  }
  Descriptor descriptor(::open(full(path).c_str(), O_PATH | O_CLOEXEC));
  if (!descriptor) {
    seen.error = errno;
    return seen;
  }
  ask(::fstat(descriptor.number(), &seen.status));
  if (seen.is_directory()) places_.push_back({std::move(descriptor), path});
  return seen;
}

void Visitor::check_seen(const std::string& path, const Seen& seen, SteadyTime asked, int injected_before) {
  if (seen.error != 0) return check_missing(path, seen.error, asked, injected_before);
  ++counts_.found;
  check_.shown(path, seen.is_directory() ? FileKind::directory : FileKind::file,
               static_cast<std::uint64_t>(seen.status.st_size), asked, check_.promise().shown);
  const auto number = numbers_.emplace(path, seen.status.st_ino).first->second;
  EXPECT_EQ(number, seen.status.st_ino) << path << " has another number";
}

void Visitor::check_missing(const std::string& path, int error, SteadyTime asked, int injected_before) {
  if (is_injected(error, injected_before)) return;
  ++counts_.absent;
  if (error == ENOTDIR) return check_.below_a_file(path, asked);
  EXPECT_EQ(error, ENOENT) << path << ": " << words_of(error);
  check_.absent(path, asked);
}

void Visitor::open(const std::string& path) {
  const auto asked = world_.now();
  const int injected = kernel_.injected();
  // direct: past the kernel's pages
  const int flags = O_RDONLY | O_CLOEXEC | (dice_.one_in(4) ? O_DIRECT : 0);
  Descriptor descriptor(::open(full(path).c_str(), flags));
  if (!descriptor) {
    const int error = errno;
    // another version between two requests of one call
    if (error == ESTALE && !calm_) return void(++counts_.changed);
    // no directory can be opened so
    if (error == EINVAL && (flags & O_DIRECT) != 0)
      return check_.shown(path, FileKind::directory, 0, asked, check_.promise().shown);
    return check_missing(path, error, asked, injected);
  }
  Seen seen;
  ASSERT_EQ(::fstat(descriptor.number(), &seen.status), 0);
  if (seen.is_directory()) return check_seen(path, seen, asked, injected);

  ++counts_.opened;
  const auto version = check_.opened(path, static_cast<std::uint64_t>(seen.status.st_size), asked);
  if (version == 0) return;
  // else the kernel reads all of a small file at once
  if (dice_.one_in(2)) ::posix_fadvise(descriptor.number(), 0, 0, POSIX_FADV_RANDOM);
  files_.push_back({std::move(descriptor), version});
  if (!dice_.one_in(3)) read(files_.back());
}

void Visitor::read(File& file) {
  const auto size = world_.version(file.version).size;
  struct stat status {};
  ASSERT_EQ(::fstat(file.descriptor.number(), &status), 0);
  ASSERT_EQ(static_cast<std::uint64_t>(status.st_size), size) << "an open file has another size";
  // of the file, the caches of others stay
  if (dice_.one_in(8)) ::posix_fadvise(file.descriptor.number(), 0, 0, POSIX_FADV_DONTNEED);

  const auto offset = dice_.one_in(2) ? 0 : dice_.below(size);
  std::vector<std::byte> bytes(1 + dice_.below(std::min<std::uint64_t>(size, 200'000) + 100));
  const auto wanted = std::min<std::uint64_t>(size - offset, bytes.size());
  const int injected = kernel_.injected(), reads = kernel_.reads();
  const auto count =
      ::pread(file.descriptor.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  const int error = count < 0 ? errno : 0;
  if (count > 0) check_.bytes(file.version, offset, std::span(bytes).first(static_cast<std::size_t>(count)));
  if (count == static_cast<ssize_t>(wanted)) {
    ++counts_.reads;
    if (calm_ && kernel_.reads() == reads) ++counts_.known_bytes;
    return;
  }
  EXPECT_LT(count, static_cast<ssize_t>(wanted));
  const bool made_to_fail = kernel_.injected() != injected;
  if (made_to_fail && (count >= 0 || error == EIO || error == EACCES)) return void(++counts_.injected);
  ++counts_.gone;
  EXPECT_TRUE(count >= 0 || error == ESTALE || error == ENOENT) << words_of(error);
  check_.not_read(file.version, count < 0 ? words_of(error) : std::to_string(count) + " bytes");
}

void Visitor::list(const std::string& path, bool to_the_end) {
  if (listing_) return;
  const auto asked = world_.now();
  const int injected = kernel_.injected();
  Descriptor descriptor(::open(full(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor) {
    const int error = errno;
    if (error == ESTALE && !calm_) return void(++counts_.changed);
    if (error != ENOTDIR) return check_missing(path, error, asked, injected);
    return check_.below_a_file(path + "/", asked);
  }
  if (!path.empty()) check_.shown(path, FileKind::directory, 0, asked, check_.promise().shown);
  listing_.emplace(Listing{.descriptor = std::move(descriptor),
                           .above = path.empty() ? "" : path + "/",
                           .opened = asked,
                           .injected = injected,
                           .to_the_end = to_the_end || dice_.one_in(2),
                           .most = dice_.below(10)});
}

/// A few items, or what comes next of them.
void Visitor::go_on_listing() {
  auto& listing = *listing_;
  if (!listing.to_the_end && listing.at >= listing.most) return listing_.reset();
  alignas(dirent64) std::array<char, 600> buffer{};
  const auto room = 100 + dice_.below(buffer.size() - 100);
  const auto count = ::syscall(SYS_getdents64, listing.descriptor.number(), buffer.data(), room);
  if (count < 0) {
    const int error = errno;
    // one that has failed goes on failing
    EXPECT_TRUE(is_injected(error, listing.injected)) << listing.above << ": " << words_of(error);
    return listing_.reset();
  }
  if (count == 0) return end_of_listing();
  for (long at = 0; at < count;) {
    const auto& entry = *reinterpret_cast<const dirent64*>(buffer.data() + at);
    at += entry.d_reclen;
    const std::string name = static_cast<const char*>(entry.d_name);
    if (name == "." || name == "..") continue;
    EXPECT_TRUE(entry.d_type == DT_DIR || entry.d_type == DT_REG) << name;
    const auto number = numbers_.emplace(listing.above + name, entry.d_ino).first->second;
    EXPECT_EQ(number, entry.d_ino) << listing.above << name << " has another number";
    take_item(listing, {name, entry.d_type == DT_DIR ? FileKind::directory : FileKind::file, entry.d_off});
  }
  if (dice_.one_in(20)) jump(listing);
}

void Visitor::take_item(Listing& listing, const Item& item) {
  const auto path = listing.above + item.name;
  if (listing.at < listing.items.size()) {
    const auto& before = listing.items[listing.at++];
    EXPECT_EQ(before.name, item.name) << "an open directory shows something else";
    EXPECT_EQ(before.kind, item.kind) << path;
    return;
  }
  EXPECT_FALSE(listing.complete) << path << " is more than was shown before";
  EXPECT_TRUE(listing.names.insert(item.name).second) << path << " is shown twice";
  check_.listed(path, item.kind, listing.opened);
  listing.items.push_back(item);
  ++listing.at;
}

/// As rewinddir and seekdir do.
void Visitor::jump(Listing& listing) {
  const auto at = dice_.below(listing.items.size() + 1);
  const auto place = at == 0 ? 0 : listing.items[at - 1].behind;
  ASSERT_EQ(::lseek(listing.descriptor.number(), place, SEEK_SET), place);
  listing.at = at;
}

void Visitor::end_of_listing() {
  auto& listing = *listing_;
  EXPECT_EQ(listing.at, listing.items.size()) << listing.above << " ends too early";
  if (!listing.complete) {
    ++counts_.listings;
    check_.complete(listing.above, listing.names, listing.opened);
    for (const auto& item : listing.items) {
      if (!walks_) break;
      (item.kind == FileKind::file ? to_read_ : to_walk_).push_back(listing.above + item.name);
    }
    walks_ = walks_ && !to_walk_.empty();
  }
  listing.complete = true;
  if (dice_.one_in(4)) return jump(listing);
  listing_.reset();
}

/// First the files, then the directories.
void Visitor::walk_on() {
  if (to_read_.empty() && listing_) return go_on_listing();
  auto& next = to_read_.empty() ? to_walk_ : to_read_;
  const auto path = next.front();
  next.pop_front();
  if (&next == &to_read_) {
    look(path);
    return open(path);
  }
  walks_ = true;
  list(path, true);
}

}  // namespace blobmount::tests
