#include "fuse/appearance.hpp"

#include <chrono>

namespace blobmount {
namespace {

constexpr fsblkcnt_t shown_size = 1ULL << 50U;
constexpr unsigned long shown_block = 4096;

timespec timespec_of(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
  return {whole.count(), std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch - whole).count()};
}

}  // namespace

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

struct stat Appearance::stat_of(const Attributes& attributes) const {
  auto status = stat_in_listing(attributes.number, attributes.kind);
  status.st_mode |= attributes.kind == FileKind::directory ? config_.dir_mode : config_.file_mode;
  // 1 for a directory too: it says that links are not counted (find would trust a 2)
  status.st_nlink = 1;
  status.st_uid = config_.uid;
  status.st_gid = config_.gid;
  status.st_size = static_cast<off_t>(attributes.size);
  status.st_blksize = shown_block;
  status.st_blocks = static_cast<blkcnt_t>((attributes.size + 511) / 512);
  status.st_atim = status.st_mtim = status.st_ctim = timespec_of(attributes.modified);
  return status;
}

fuse_entry_param Appearance::entry_of(const Entry& entry) const {
  fuse_entry_param parameters{};
  parameters.ino = entry.attributes.inode;
  parameters.attr = stat_of(entry.attributes);
  parameters.attr_timeout = attributes_valid_for_s;
  parameters.entry_timeout = in_seconds(entry.valid_for);
  return parameters;
}

struct stat Appearance::stat_in_listing(std::uint64_t number, FileKind kind) {
  struct stat status {};
  status.st_ino = number;
  status.st_mode = kind == FileKind::directory ? S_IFDIR : S_IFREG;
  return status;
}

struct statvfs Appearance::statistics() {
  struct statvfs statistics {};
  statistics.f_bsize = shown_block;
  statistics.f_frsize = shown_block;
  statistics.f_blocks = shown_size / shown_block;
  statistics.f_bfree = statistics.f_blocks;
  statistics.f_bavail = statistics.f_blocks;
  statistics.f_files = 1ULL << 40U;
  statistics.f_ffree = statistics.f_files;
  statistics.f_namemax = 255;
  return statistics;
}

}  // namespace blobmount
