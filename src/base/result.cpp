#include "blobmount/result.hpp"

namespace blobmount {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::not_empty:
      return "not_empty";
    case ErrorCode::not_a_directory:
      return "not_a_directory";
    case ErrorCode::is_a_directory:
      return "is_a_directory";
    case ErrorCode::changed:
      return "changed";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::not_permitted:
      return "not_permitted";
    case ErrorCode::unauthenticated:
      return "unauthenticated";
    case ErrorCode::throttled:
      return "throttled";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::untrusted:
      return "untrusted";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::name_too_long:
      return "name_too_long";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::no_space:
      return "no_space";
    case ErrorCode::busy:
      return "busy";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace blobmount
