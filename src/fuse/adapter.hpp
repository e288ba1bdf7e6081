#pragma once

/// Translates the kernel's requests to FileSystem and its answers back; decides nothing else. Its operations
/// run on libfuse's threads and never wait: what is not known yet is answered by the thread that finds it
/// out.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/file_system.hpp"

#include "base/log.hpp"
#include "fuse/abandoned_reads.hpp"
#include "fuse/appearance.hpp"
#include "fuse/directory_buffer.hpp"
#include "fuse/directory_cache.hpp"
#include "fuse/failure_log.hpp"
#include "fuse/fuse_api.hpp"
#include "fuse/handle_table.hpp"
#include "fuse/passthrough.hpp"
#include "fuse/pending_replies.hpp"
#include "fuse/thread_state.hpp"

namespace blobmount {

class Adapter {
 public:
  /// `on_ready` runs when the kernel has agreed to the mount.
  Adapter(FileSystem& files, const AppearanceConfig& appearance, const KernelConfig& kernel, Log& log,
          FailureLog& failures, std::function<void()> on_ready)
      : files_(files),
        appearance_(appearance),
        kernel_(kernel),
        log_(log),
        failures_(failures),
        on_ready_(std::move(on_ready)),
        pending_(on_interrupt),
        passthrough_(log) {}

  [[nodiscard]] const KernelRequests& requests() const { return pending_.requests(); }
  [[nodiscard]] std::size_t requests_in_flight() const { return pending_.count(); }
  [[nodiscard]] std::size_t files_open() const { return open_files_.size(); }
  [[nodiscard]] std::size_t directories_open() const { return open_directories_.size(); }

  /// For a session whose userdata is an Adapter.
  static fuse_lowlevel_ops operations();

 private:
  using Ticket = PendingReplies::Ticket;

  static Adapter& of(fuse_req_t request);

  static void init(void* userdata, fuse_conn_info* connection);
  static void look_up(fuse_req_t request, fuse_ino_t parent, const char* name);
  static void forget(fuse_req_t request, fuse_ino_t inode, std::uint64_t count);
  static void forget_many(fuse_req_t request, std::size_t count, fuse_forget_data* forgets);
  static void get_attributes(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info);
  static void open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info);
  static void read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                   fuse_file_info* info);
  static void flush(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info);
  static void release(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info);
  static void open_directory(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info);
  static void read_directory(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                             fuse_file_info* info);
  static void read_directory_plus(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                                  fuse_file_info* info);
  static void release_directory(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info);
  static void get_extended_attribute(fuse_req_t request, fuse_ino_t inode, const char* name,
                                     std::size_t size);
  static void list_extended_attributes(fuse_req_t request, fuse_ino_t inode, std::size_t size);
  static void file_system_statistics(fuse_req_t request, fuse_ino_t inode);
  static void on_interrupt(fuse_req_t request, void* data);

  /// What an operation was asked of, in case that it fails.
  struct Asked {
    Operation operation;
    InodeId inode;
    std::string name{};  ///< in the directory `inode`; empty: `inode` itself
  };

  /// Of a directory, what is to be read.
  struct Part {
    InodeId inode;
    std::size_t size;  ///< bytes, at most
    off_t offset;
    std::size_t count;  ///< items that are there
  };

  struct DirectoryHandle {
    const std::shared_ptr<OpenDirectory> directory;
    const bool uses_cache;  ///< the kernel's
  };

  void answer_look_up(Ticket ticket, const Asked& asked, Result<Lookup> found);
  void answer_open(Ticket ticket, InodeId inode, fuse_file_info info,
                   Result<std::shared_ptr<OpenFile>> opened);
  void answer_open_directory(Ticket ticket, InodeId inode, fuse_file_info info,
                             Result<std::shared_ptr<OpenDirectory>> opened);
  void close_directory(InodeId inode, std::uint64_t handle);
  template <typename Answer>
  void read_items(fuse_req_t request, InodeId inode, off_t offset, const fuse_file_info* info,
                  const Answer& answer);
  template <typename Answer>
  void read_items(Ticket ticket, InodeId inode, const std::shared_ptr<OpenDirectory>& directory,
                  std::size_t from, const Answer& answer);
  void answer_items(fuse_req_t request, OpenDirectory& directory, const Part& part);
  void answer_items_plus(fuse_req_t request, OpenDirectory& directory, const Part& part);
  void add_dots(DirectoryBuffer& buffer, InodeId inode, off_t offset);
  void fail(Ticket ticket, const Asked& asked, const Error& error);
  /// To the log, and to whoever asks how the mount is.
  void tell_failure(const Asked& asked, int number, const Error& error);

  FileSystem& files_;
  const Appearance appearance_;
  const KernelConfig kernel_;
  Log& log_;
  FailureLog& failures_;
  const std::function<void()> on_ready_;

  PendingReplies pending_;
  Passthrough passthrough_;
  AbandonedReads abandoned_{pending_, has_ended};
  HandleTable<OpenFile> open_files_;
  HandleTable<DirectoryHandle> open_directories_;
  DirectoryCache directory_cache_;
};

}  // namespace blobmount
