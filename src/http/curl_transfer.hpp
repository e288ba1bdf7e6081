#pragma once

/// One try of one request on one curl easy handle: options in, head and body out.

#include <array>
#include <memory>
#include <optional>
#include <string>

#include <curl/curl.h>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "http/body_gate.hpp"

namespace blobmount {

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

class CurlTransfer {
 public:
  /// `handle` is fresh or reset; it points back here until finish() has run. `gate` outlives us.
  CurlTransfer(CurlHandle handle, HttpRequest request, OnResponse done, const std::string& ca_file,
               BodyGate& gate);
  /// Wipes the request's headers and body: a token, or a secret that was exchanged for one.
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  [[nodiscard]] CURL* handle() const { return handle_.get(); }

  /// Why it is to be given up, if its request does not allow it to go on at `now`, or nobody wants it. To be
  /// asked often: bytes of the request that have gone out count from when this sees them.
  std::optional<Error> overdue(SteadyTime now);

  /// The gate lets it go on. Not CURLE_OK: take it out of the multi handle, it has ended with that.
  CURLcode resume(SteadyTime now);

  /// The transfer has left the multi handle with `code`. Gives the handle back and what is to be told to
  /// `done`.
  struct Outcome {
    CurlHandle handle;
    OnResponse done;
    Result<HttpResponse> response;
  };
  static Outcome finish(std::unique_ptr<CurlTransfer> transfer, CURLcode code);
  /// It has left the multi handle unfinished, or never got there: `done` is to be told `error`.
  static Outcome give_up(std::unique_ptr<CurlTransfer> transfer, Error error);

 private:
  void set_request();
  void set_trust(const std::string& ca_file);
  void set_headers();
  /// When the connection was ready, TLS included; nothing: it is not.
  [[nodiscard]] std::optional<SteadyTime> connected() const;
  [[nodiscard]] curl_off_t sent() const;
  bool on_header(std::string_view line);
  /// Whether the gate holds `bytes` back; curl will bring them again.
  bool held(std::size_t bytes);
  bool on_body(std::span<const std::byte> bytes);
  /// The head is complete: ask the sink whether it is the right one.
  Status begin_body();
  Result<HttpResponse> conclude(CURLcode code);

  // noexcept: nothing may be thrown through curl's frames
  static std::size_t header_callback(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t body_callback(char* data, std::size_t size, std::size_t count, void* self) noexcept;

  CurlHandle handle_;
  BodyGate& gate_;
  HttpRequest request_;
  OnResponse done_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> header_lines_{nullptr, curl_slist_free_all};
  std::array<char, CURL_ERROR_SIZE> detail_{};

  const SteadyTime began_ = std::chrono::steady_clock::now();
  SteadyTime last_byte_ = began_;
  std::optional<SteadyTime> held_since_;
  SteadyTime::duration held_{0};  ///< before that; no part of the time it may take
  curl_off_t sent_ = 0;           ///< of the request's body, when last looked at

  HttpResponse response_;
  std::size_t head_size_ = 0;
  bool body_begun_ = false;
  std::optional<Error> refused_;  ///< why the sink, or we, ended the try
};

}  // namespace blobmount
