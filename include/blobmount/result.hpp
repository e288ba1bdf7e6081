#pragma once

/// Errors as values: what went wrong in terms a caller can act on, and a value that is either there or not.
/// The names are those of std::expected, so that C++23 can replace this file.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace blobmount {

/// What went wrong, in terms a caller can act on. Detail for people goes in Error::message.
/// HTTP status codes end in blob/, errno begins in fuse/.
enum class ErrorCode : std::uint8_t {
  not_found,          ///< no such container or blob
  already_exists,     ///< the name is taken
  not_empty,          ///< a directory that still has entries
  not_a_directory,    ///< a file stands where a directory is needed
  is_a_directory,     ///< a directory stands where a file is needed
  changed,            ///< the blob is no longer the version that was asked for
  permission_denied,  ///< the identity lacks a role, or a firewall refuses it
  not_permitted,      ///< nobody may: archived, immutable
  unauthenticated,    ///< there is no valid token or key
  throttled,          ///< the service asks for fewer requests
  unavailable,        ///< the service or the network failed in a way that passes
  unreachable,        ///< no connection at all: no such host, refused, no route
  untrusted,          ///< the peer could not prove who it is (TLS)
  timed_out,          ///< no answer within the time allowed
  cancelled,          ///< the caller, or the end of the mount, gave it up
  invalid_argument,   ///< the request itself is wrong; repeating it is no use
  name_too_long,      ///< longer or deeper than the service takes
  unsupported,        ///< this service or kernel does not do that
  too_large,          ///< beyond the service's limits of size
  no_space,           ///< a quota is used up
  busy,               ///< leased by somebody else, or being updated
  corrupt,            ///< the answer breaks the protocol
  internal,           ///< a defect of blobmount
};

std::string_view name_of(ErrorCode code);

/// By what a request that failed is found again: in our log, and in the service's by its support.
struct FailedRequest {
  int status = 0;              ///< of HTTP; 0: no answer
  std::string service_code{};  ///< "BlobNotFound"; empty: none was told
  std::string id{};            ///< that the service gave it; empty: none came
  std::string client_id{};     ///< that we gave it; empty: none
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message{};
  std::shared_ptr<const FailedRequest> request{};  ///< null: it was no request that failed
  std::chrono::seconds retry_after{0};             ///< what the service asks for; 0: nothing

  /// The same error, with what was being done in front: "read 'a/b': connection reset".
  [[nodiscard]] Error within(std::string_view activity) && {
    message.insert(0, ": ").insert(0, activity);
    return std::move(*this);
  }
};

/// A value, or the Error that stands in its place.
template <typename T>
class [[nodiscard]] Result {
 public:
  /// From whatever converts to T, as std::expected does.
  template <typename U = T>
  requires(std::is_convertible_v<U&&, T> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
           !std::is_same_v<std::remove_cvref_t<U>, Error>)
      Result(U&& value)  // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  /// Only where has_value().
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Only where !has_value().
  [[nodiscard]] Error& error() & { return std::get<1>(state_); }
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }

  /// Only where !has_value().
  [[nodiscard]] Error& error() & { return *error_; }
  [[nodiscard]] const Error& error() const& { return *error_; }
  [[nodiscard]] Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

/// BM_ASSIGN(block, arrival.get()): declare `block` as the value, or return the error from this function.
#define BM_ASSIGN(name, expression)                            \
  auto name##_result = (expression);                           \
  if (!name##_result) return std::move(name##_result).error(); \
  auto name = std::move(name##_result).value()

/// BM_TRY(check()): go on, or return the error from this function.
#define BM_TRY(expression)                                                     \
  do {                                                                         \
    if (auto status = (expression); !status) return std::move(status).error(); \
  } while (false)

}  // namespace blobmount
