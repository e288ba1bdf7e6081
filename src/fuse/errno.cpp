#include "fuse/errno.hpp"

#include <cerrno>

namespace blobmount {

int errno_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return ENOENT;
    case ErrorCode::already_exists:
      return EEXIST;
    case ErrorCode::not_empty:
      return ENOTEMPTY;
    case ErrorCode::not_a_directory:
      return ENOTDIR;
    case ErrorCode::is_a_directory:
      return EISDIR;
    case ErrorCode::changed:
      return ESTALE;
    case ErrorCode::permission_denied:
    case ErrorCode::unauthenticated:
      return EACCES;
    case ErrorCode::not_permitted:
      return EPERM;
    case ErrorCode::invalid_argument:
      return EINVAL;
    case ErrorCode::name_too_long:
      return ENAMETOOLONG;
    case ErrorCode::unsupported:
      return EOPNOTSUPP;
    case ErrorCode::too_large:
      return EFBIG;
    case ErrorCode::no_space:
      return EDQUOT;
    case ErrorCode::busy:
      return EBUSY;
    case ErrorCode::timed_out:
    case ErrorCode::throttled:
    case ErrorCode::unavailable:
    case ErrorCode::unreachable:
    case ErrorCode::untrusted:
    case ErrorCode::cancelled:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return EIO;
  }
  return EIO;
}

}  // namespace blobmount
