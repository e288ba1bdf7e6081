#include "fuse/directory_buffer.hpp"

namespace blobmount {

bool DirectoryBuffer::fits(const std::string& name) const {
  const auto needed = form_ == Form::plus
                          ? fuse_add_direntry_plus(request_, nullptr, 0, name.c_str(), nullptr, 0)
                          : fuse_add_direntry(request_, nullptr, 0, name.c_str(), nullptr, 0);
  return used_ + needed <= bytes_.size();
}

bool DirectoryBuffer::add(const std::string& name, const struct stat& attributes, off_t next) {
  if (!fits(name)) return false;
  if (form_ == Form::plus) {
    fuse_entry_param uncounted{};  // inode 0: the kernel takes the name only
    uncounted.attr = attributes;
    add(name, uncounted, next);
  } else {
    used_ += fuse_add_direntry(request_, bytes_.data() + used_, bytes_.size() - used_, name.c_str(),
                               &attributes, next);
  }
  return true;
}

void DirectoryBuffer::add(const std::string& name, const fuse_entry_param& entry, off_t next) {
  used_ += fuse_add_direntry_plus(request_, bytes_.data() + used_, bytes_.size() - used_, name.c_str(),
                                  &entry, next);
}

}  // namespace blobmount
