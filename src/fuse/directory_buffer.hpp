#pragma once

/// A part of a directory in the form that readdir and readdirplus answer with.

#include <string>
#include <vector>

#include <sys/stat.h>

#include "fuse/fuse_api.hpp"

namespace blobmount {

class DirectoryBuffer {
 public:
  enum class Form { plain, plus };

  DirectoryBuffer(fuse_req_t request, std::size_t capacity, Form form = Form::plain)
      : request_(request), form_(form), bytes_(capacity) {}

  /// Whether an entry of that name still fits.
  [[nodiscard]] bool fits(const std::string& name) const;
  /// `next` is the position behind the entry. False: it does not fit. Not counted as a lookup.
  bool add(const std::string& name, const struct stat& attributes, off_t next);
  /// In the form `plus` only; the kernel counts a lookup of the entry's inode. Only what fits.
  void add(const std::string& name, const fuse_entry_param& entry, off_t next);

  [[nodiscard]] const char* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  fuse_req_t request_;
  const Form form_;
  std::vector<char> bytes_;
  std::size_t used_ = 0;
};

}  // namespace blobmount
