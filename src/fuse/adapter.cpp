#include "fuse/adapter.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

#include <sys/uio.h>

#include "fuse/errno.hpp"
#include "fuse/kernel_read_ahead.hpp"

namespace blobmount {
namespace {

/// How the names of extended attributes begin, all that there are.
constexpr std::string_view our_namespace = "user.blob.";

std::vector<iovec> parts_of(const Bytes& bytes) {
  std::vector<iovec> parts;
  parts.reserve(bytes.pieces.size());
  // iovec has no const
  for (const auto& piece : bytes.pieces) {
    parts.push_back({const_cast<std::byte*>(piece.data.get()), piece.size});
  }
  return parts;
}

/// As getxattr and listxattr answer: a size of 0 asks how long the answer is.
void answer_up_to(fuse_req_t request, std::size_t size, std::string_view bytes) {
  if (size == 0) {
    fuse_reply_xattr(request, bytes.size());
  } else if (bytes.size() > size) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, bytes.data(), bytes.size());
  }
}

}  // namespace

fuse_lowlevel_ops Adapter::operations() {
  fuse_lowlevel_ops operations{};
  operations.init = init;
  operations.lookup = look_up;
  operations.forget = forget;
  operations.forget_multi = forget_many;
  operations.getattr = get_attributes;
  operations.open = open;
  operations.read = read;
  operations.flush = flush;
  operations.release = release;
  operations.opendir = open_directory;
  operations.readdir = read_directory;
  operations.readdirplus = read_directory_plus;
  operations.releasedir = release_directory;
  operations.getxattr = get_extended_attribute;
  operations.listxattr = list_extended_attributes;
  operations.statfs = file_system_statistics;
  return operations;
}

Adapter& Adapter::of(fuse_req_t request) { return *static_cast<Adapter*>(fuse_req_userdata(request)); }

void Adapter::init(void* userdata, fuse_conn_info* connection) {
  const auto want = [connection](unsigned capability) {
    connection->want |= connection->capable & capability;
  };
  want(FUSE_CAP_ASYNC_READ);
  want(FUSE_CAP_PARALLEL_DIROPS);
  want(FUSE_CAP_READDIRPLUS);
  want(FUSE_CAP_READDIRPLUS_AUTO);
  // pages belong to a version and stay right: nothing is to be dropped because a time or size looks new
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
  // libfuse wants it by itself; with it the kernel waits for a read with O_DIRECT so that no signal ends it
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_ASYNC_DIO);
  auto& self = *static_cast<Adapter*>(userdata);
  if (self.kernel_.passthrough && !self.passthrough_.offer(*connection))
    self.log_.info("cached files are read through blobmount: the kernel or libfuse has no passthrough");
  connection->max_background = self.kernel_.background_requests;
  // of reads, too: the kernel has one limit for both
  if (self.kernel_.longest_request != 0)
    connection->max_write = static_cast<unsigned>(self.kernel_.longest_request);
  connection->max_readahead =
      kernel_read_ahead;  // the kernel takes what the mount's device has, if that is less
  self.on_ready_();
}

void Adapter::on_interrupt(fuse_req_t request, void* data) { of(request).pending_.interrupted(data); }

void Adapter::fail(Ticket ticket, const Asked& asked, const Error& error) {
  const auto number = errno_of(error.code);
  const auto request = pending_.take(ticket, number);
  if (request == nullptr) return;  // it was interrupted, and nobody has seen it fail
  tell_failure(asked, number, error);
  fuse_reply_err(request, number);
}

// before the answer: whoever sees it fail finds it in the log, and the inode is still known
void Adapter::tell_failure(const Asked& asked, int number, const Error& error) {
  const auto operation = name_of(asked.operation);
  if (!is_expected(operation, error.code))
    pending_.requests().note_failure(error.message, std::chrono::system_clock::now());
  if (!failures_.tells(operation, error.code)) return;
  auto path = "/" + files_.path_of(asked.inode);
  if (!asked.name.empty()) path.append(path.size() > 1 ? "/" : "").append(asked.name);
  failures_.failed({operation, std::move(path)}, number, error);
}

void Adapter::look_up(fuse_req_t request, fuse_ino_t parent, const char* name) {
  auto& self = of(request);
  const auto ticket = self.pending_.add(request, Operation::look_up);
  self.files_.look_up(parent, name,
                      [&self, ticket, asked = Asked{Operation::look_up, parent, name}](Result<Lookup> found) {
                        self.answer_look_up(ticket, asked, std::move(found));
                      });
}

void Adapter::answer_look_up(Ticket ticket, const Asked& asked, Result<Lookup> found) {
  if (!found) return fail(ticket, asked, found.error());
  fuse_entry_param answer{};
  answer.entry_timeout = in_seconds(found->absent_for);
  if (found->entry) answer = appearance_.entry_of(*found->entry);

  const auto request = pending_.take(ticket);
  const bool known_to_kernel = request != nullptr && fuse_reply_entry(request, &answer) == 0;
  if (found->entry && !known_to_kernel) files_.forget(answer.ino, 1);
}

void Adapter::forget(fuse_req_t request, fuse_ino_t inode, std::uint64_t count) {
  of(request).files_.forget(inode, count);
  fuse_reply_none(request);
}

void Adapter::forget_many(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  for (const auto& forget : std::span(forgets, count)) of(request).files_.forget(forget.ino, forget.nlookup);
  fuse_reply_none(request);
}

void Adapter::get_attributes(fuse_req_t request, fuse_ino_t inode, fuse_file_info* /*info*/) {
  auto& self = of(request);
  const AnsweredAtOnce counted(self.pending_.requests(), Operation::get_attributes);
  const auto attributes = self.files_.attributes(inode);
  if (!attributes) {
    const auto number = errno_of(attributes.error().code);
    self.tell_failure({Operation::get_attributes, inode}, number, attributes.error());
    self.pending_.requests().refused(Operation::get_attributes, number);
    fuse_reply_err(request, number);
    return;
  }
  const auto status = self.appearance_.stat_of(*attributes);
  fuse_reply_attr(request, &status, Appearance::attributes_valid_for_s);
}

void Adapter::answer_open(Ticket ticket, InodeId inode, fuse_file_info info,
                          Result<std::shared_ptr<OpenFile>> opened) {
  if (!opened) return fail(ticket, {Operation::open, inode}, opened.error());
  const auto request = pending_.take(ticket);
  if (request == nullptr) return;
  passthrough_.open(request, inode, **opened, info);
  const auto handle = open_files_.insert(*std::move(opened));
  info.fh = handle;
  if (fuse_reply_open(request, &info) == 0) return;
  open_files_.erase(handle);
  passthrough_.failed(inode);
}

void Adapter::open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  auto& self = of(request);
  info->keep_cache = 1;  // the pages of an inode are of one version
  const auto ticket = self.pending_.add(request, Operation::open);
  self.files_.open(inode, [&self, ticket, inode, info = *info](Result<std::shared_ptr<OpenFile>> opened) {
    self.answer_open(ticket, inode, info, std::move(opened));
  });
}

void Adapter::read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                   fuse_file_info* info) {
  auto& self = of(request);
  const auto handle = info->fh;
  const auto file = self.open_files_.find(handle);
  const auto from = static_cast<std::uint64_t>(offset);
  const auto thread = fuse_req_ctx(request)->pid;
  const auto ticket =
      self.pending_.add(request, Operation::read,
                        {.handle = handle, .thread = thread, .offset = from, .size = size, .file = file});
  const auto answer = [&self, ticket, inode](Result<Bytes> bytes) {
    if (!bytes) return self.fail(ticket, {Operation::read, inode}, bytes.error());
    if (const auto waiting = self.pending_.take(ticket)) {
      self.pending_.requests().gave(bytes->size());
      const auto parts = parts_of(*bytes);
      fuse_reply_iov(waiting, parts.data(), static_cast<int>(parts.size()));
    }
  };
  file->read(from, size, answer, ticket);
  if (self.pending_.begun(ticket)) file->give_up(from, size, ticket);
  self.abandoned_.on_read(ticket, handle, thread);
}

void Adapter::flush(fuse_req_t request, fuse_ino_t /*inode*/, fuse_file_info* info) {
  const AnsweredAtOnce counted(of(request).pending_.requests(), Operation::flush);
  of(request).abandoned_.on_closed(info->fh);
  fuse_reply_err(request, 0);
}

void Adapter::release(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  const AnsweredAtOnce counted(of(request).pending_.requests(), Operation::release);
  auto& self = of(request);
  self.open_files_.erase(info->fh);
  self.passthrough_.release(request, inode);
  self.abandoned_.on_release(info->fh);
  fuse_reply_err(request, 0);
}

void Adapter::get_extended_attribute(fuse_req_t request, fuse_ino_t inode, const char* name,
                                     std::size_t size) {
  // `ls -l` asks for a label and an access control list of each file, unless it learns from the first that
  // there are none: of ENODATA for 100,000 files comes a CPU second or two
  if (!std::string_view(name).starts_with("user.")) {
    fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  if (!std::string_view(name).starts_with(our_namespace)) {
    fuse_reply_err(request, ENODATA);
    return;
  }
  auto& self = of(request);
  const auto ticket = self.pending_.add(request, Operation::get_extended_attribute);
  const auto answer = [&self, ticket, inode, size,
                       wanted = std::string(name)](Result<std::vector<ExtendedAttribute>> attributes) {
    if (!attributes) return self.fail(ticket, {Operation::get_extended_attribute, inode}, attributes.error());
    const auto waiting = self.pending_.take(ticket);
    if (waiting == nullptr) return;
    const auto found = std::ranges::find(*attributes, wanted, &ExtendedAttribute::name);
    if (found == attributes->end()) {
      fuse_reply_err(waiting, ENODATA);
    } else {
      answer_up_to(waiting, size, found->value);
    }
  };
  self.files_.extended_attributes(inode, name, answer);
}

void Adapter::list_extended_attributes(fuse_req_t request, fuse_ino_t inode, std::size_t size) {
  auto& self = of(request);
  const auto ticket = self.pending_.add(request, Operation::list_extended_attributes);
  const auto answer = [&self, ticket, inode, size](Result<std::vector<ExtendedAttribute>> attributes) {
    if (!attributes)
      return self.fail(ticket, {Operation::list_extended_attributes, inode}, attributes.error());
    std::string names;
    for (const auto& attribute : *attributes) names.append(attribute.name).push_back('\0');
    if (const auto waiting = self.pending_.take(ticket)) answer_up_to(waiting, size, names);
  };
  self.files_.extended_attributes(inode, "", answer);
}

void Adapter::file_system_statistics(fuse_req_t request, fuse_ino_t /*inode*/) {
  const AnsweredAtOnce counted(of(request).pending_.requests(), Operation::statistics);
  const auto statistics = Appearance::statistics();
  fuse_reply_statfs(request, &statistics);
}

}  // namespace blobmount
