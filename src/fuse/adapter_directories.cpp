/// The operations of Adapter on directories.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuse/adapter.hpp"

namespace blobmount {
namespace {

/// Positions in a directory: 0 is ".", 1 is "..", 2 the first item.
std::size_t first_item(off_t offset) { return static_cast<std::size_t>(std::max<off_t>(offset - 2, 0)); }
off_t position_behind(std::size_t item) { return static_cast<off_t>(item + 3); }

bool has_name(const OpenDirectory& directory, std::size_t from, std::size_t count) {
  for (auto index = from; index < count; ++index) {
    if (!directory.item(index).name.empty()) return true;
  }
  return false;
}

}  // namespace

void Adapter::open_directory(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  auto& self = of(request);
  const auto ticket = self.pending_.add(request, Operation::open_directory);
  self.files_.open_directory(
      inode, [&self, ticket, inode, info = *info](Result<std::shared_ptr<OpenDirectory>> opened) {
        self.answer_open_directory(ticket, inode, info, std::move(opened));
      });
}

void Adapter::answer_open_directory(Ticket ticket, InodeId inode, fuse_file_info info,
                                    Result<std::shared_ptr<OpenDirectory>> opened) {
  if (!opened) return fail(ticket, {Operation::open_directory, inode}, opened.error());
  const auto request = pending_.take(ticket);
  if (request == nullptr) return;
  const bool uses_cache = directory_cache_.open(inode, (*opened)->listing(), info);
  info.fh = open_directories_.insert(
      std::make_shared<DirectoryHandle>(DirectoryHandle{*std::move(opened), uses_cache}));
  if (fuse_reply_open(request, &info) != 0) close_directory(inode, info.fh);
}

void Adapter::read_directory(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                             fuse_file_info* info) {
  auto& self = of(request);
  const bool caches = self.open_directories_.find(info->fh)->uses_cache;
  self.read_items(
      request, inode, offset, info,
      [&self, inode, size, offset, caches](fuse_req_t waiting, OpenDirectory& directory, std::size_t count) {
        if (caches && first_item(offset) < count) self.directory_cache_.read_names(inode);
        self.answer_items(waiting, directory, {inode, size, offset, count});
      });
}

void Adapter::answer_items(fuse_req_t request, OpenDirectory& directory, const Part& part) {
  DirectoryBuffer buffer(request, part.size);
  add_dots(buffer, part.inode, part.offset);
  std::string name;  // one for all: libfuse wants it to end with a zero
  for (auto index = first_item(part.offset); index < part.count; ++index) {
    const auto item = directory.item(index);
    if (item.name.empty()) continue;
    name = item.name;
    if (!buffer.add(name, Appearance::stat_in_listing(item.number, item.kind), position_behind(index))) break;
  }
  fuse_reply_buf(request, buffer.data(), buffer.size());
}

void Adapter::read_directory_plus(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                                  fuse_file_info* info) {
  auto& self = of(request);
  self.read_items(
      request, inode, offset, info,
      [&self, inode, size, offset](fuse_req_t waiting, OpenDirectory& directory, std::size_t count) {
        self.answer_items_plus(waiting, directory, {inode, size, offset, count});
      });
}

void Adapter::answer_items_plus(fuse_req_t request, OpenDirectory& directory, const Part& part) {
  DirectoryBuffer buffer(request, part.size, DirectoryBuffer::Form::plus);
  add_dots(buffer, part.inode, part.offset);
  std::string name;
  std::vector<InodeId> counted;
  for (auto index = first_item(part.offset); index < part.count; ++index) {
    name = directory.item(index).name;
    if (name.empty()) continue;
    if (!buffer.fits(name)) break;
    const auto entry = appearance_.entry_of(directory.look_up(index));
    buffer.add(name, entry, position_behind(index));
    counted.push_back(entry.ino);
  }
  if (fuse_reply_buf(request, buffer.data(), buffer.size()) == 0) return;
  for (const auto looked_up : counted) files_.forget(looked_up, 1);
}

/// Calls `answer` with the request, its to answer, when there is an item to be read, or the directory ends.
template <typename Answer>
void Adapter::read_items(fuse_req_t request, InodeId inode, off_t offset, const fuse_file_info* info,
                         const Answer& answer) {
  const auto handle = open_directories_.find(info->fh);
  if (handle->uses_cache) directory_cache_.read(inode);
  const auto ticket = pending_.add(request, Operation::read_directory);
  read_items(ticket, inode, handle->directory, first_item(offset), answer);
}

template <typename Answer>
void Adapter::read_items(Ticket ticket, InodeId inode, const std::shared_ptr<OpenDirectory>& directory,
                         std::size_t from, const Answer& answer) {
  directory->wait_for(from, [this, ticket, inode, directory, from, answer](Result<std::size_t> count) {
    if (!count) return fail(ticket, {Operation::read_directory, inode}, count.error());
    // an answer without names would be taken for the directory's end
    if (*count > from && !has_name(*directory, from, *count))
      return read_items(ticket, inode, directory, *count, answer);
    if (const auto waiting = pending_.take(ticket)) answer(waiting, *directory, *count);
  });
}

void Adapter::add_dots(DirectoryBuffer& buffer, InodeId inode, off_t offset) {
  const auto self = files_.attributes(inode);
  if (offset < 1)
    buffer.add(".", Appearance::stat_in_listing(self ? self->number : root_inode, FileKind::directory), 1);
  // the kernel finds a parent by itself; programs that read this number have to cope with mount points anyway
  if (offset < 2) buffer.add("..", Appearance::stat_in_listing(root_inode, FileKind::directory), 2);
}

void Adapter::release_directory(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  const AnsweredAtOnce counted(of(request).pending_.requests(), Operation::release_directory);
  of(request).close_directory(inode, info->fh);
  fuse_reply_err(request, 0);
}

void Adapter::close_directory(InodeId inode, std::uint64_t handle) {
  if (open_directories_.find(handle)->uses_cache) directory_cache_.release(inode);
  open_directories_.erase(handle);
}

}  // namespace blobmount
