#include "http/curl_transfer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <string.h>

#include "http/curl_error.hpp"
#include "http/pinned_certificate.hpp"
#include "http/tls_read_ahead.hpp"
#include "http/wanted_body.hpp"

namespace blobmount {
namespace {

/// Of an answer, interim ones included. The service's are below 16 KiB.
constexpr std::size_t longest_head = 256U << 10U;
/// For each running transfer. A GiB from the loopback costs 0.30, 0.25, 0.24 and 0.23 s of CPU with 64, 128,
/// 256 and 512 KiB; over a line of 60 MiB/s for each connection all are the same.
constexpr long receive_buffer = 128L << 10U;

/// What is longer is a page of a listing, some MiB: most of them fit into the room that is made for it at
/// once, which costs nothing before it is used. Each doubling on the way would leave its memory to the
/// allocator.
constexpr std::size_t long_body = 256U << 10U;
constexpr std::size_t room_for_long_body = 8U << 20U;

void make_room(std::string& body, std::size_t more) {
  const auto size = body.size() + more;
  if (size > body.capacity() && size > long_body) body.reserve(std::max(room_for_long_body, 2 * size));
}

bool success(int status) { return status >= 200 && status < 300; }

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void wipe(std::string& text) { explicit_bzero(text.data(), text.size()); }

/// "Name;" sends an empty field, "Name:" leaves it out.
std::string line_of(const std::string& name, const std::string& value) {
  if (trimmed(value).empty()) return name + ";";
  std::string line;
  line.reserve(name.size() + 2 + value.size());  // so that it does not move, and leave a copy behind
  return line.append(name).append(": ").append(value);
}

}  // namespace

CurlTransfer::CurlTransfer(CurlHandle handle, HttpRequest request, OnResponse done,
                           const std::string& ca_file, BodyGate& gate)
    : handle_(std::move(handle)), gate_(gate), request_(std::move(request)), done_(std::move(done)) {
  set_request();
  set_trust(ca_file);
  set_headers();
}

CurlTransfer::~CurlTransfer() {
  wipe(request_.body);
  for (auto& [name, value] : request_.headers) wipe(value);
  for (auto* line = header_lines_.get(); line != nullptr; line = line->next)
    explicit_bzero(line->data, std::strlen(line->data));
}

void CurlTransfer::set_request() {
  CURL* const curl = handle_.get();
  const auto set = [curl](CURLoption option, auto value) { curl_easy_setopt(curl, option, value); };

  set(CURLOPT_URL, request_.url.to_string().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // else the loop waits for a name server that a try has given up on
  set(CURLOPT_BUFFERSIZE, receive_buffer);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ERRORBUFFER, detail_.data());
  // a proxy cannot reach our loopback, and must not see the credential that goes there without TLS
  if (request_.direct || is_loopback(request_.url.host)) set(CURLOPT_PROXY, "");

  // The other limits are overdue()'s: CURLOPT_LOW_SPEED_TIME looks at an average of some seconds, and notices
  // a stall up to seven seconds late.
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.limits.connect.count()));
  set(CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);

  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    if (request_.method != "DELETE" || !request_.body.empty()) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.data());
    }
  }

  set(CURLOPT_HEADERFUNCTION, header_callback);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, body_callback);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void CurlTransfer::set_trust(const std::string& ca_file) {
  if (!request_.pinned_certificate.empty()) return trust_only(handle_.get(), request_.pinned_certificate);
  read_ahead(handle_.get());
  const char* bundle = ca_file.c_str();
  if (ca_file.empty()) {
    curl_easy_getinfo(handle_.get(), CURLINFO_CAINFO, &bundle);  // the system's
    if (bundle == nullptr) return;
  }
  curl_easy_setopt(handle_.get(), CURLOPT_CAINFO, bundle);
  // curl would trust the system's folder as well, and for its sake read the bundle anew for each connection:
  // 20 ms of CPU, and not 1
  curl_easy_setopt(handle_.get(), CURLOPT_CAPATH, static_cast<char*>(nullptr));
}

void CurlTransfer::set_headers() {
  const auto append = [this](const std::string& line) {
    curl_slist* const longer = curl_slist_append(header_lines_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)header_lines_.release();
    header_lines_.reset(longer);
  };
  for (const auto& [name, value] : request_.headers) {
    auto line = line_of(name, value);
    append(line);
    wipe(line);
  }
  if (request_.range) append("Range: " + range_header(*request_.range));
  for (const std::string_view added_by_curl : {"Content-Type", "Expect", "Accept"}) {
    if (!request_.headers.get(added_by_curl)) append(std::string(added_by_curl) + ":");
  }
  curl_easy_setopt(handle_.get(), CURLOPT_HTTPHEADER, header_lines_.get());
}

std::optional<SteadyTime> CurlTransfer::connected() const {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_PRETRANSFER_TIME_T, &microseconds);
  if (microseconds == 0) return std::nullopt;
  return began_ + std::chrono::microseconds{microseconds};
}

curl_off_t CurlTransfer::sent() const {
  curl_off_t bytes = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_SIZE_UPLOAD_T, &bytes);
  return bytes;
}

std::optional<Error> CurlTransfer::overdue(SteadyTime now) {
  if (!body_wanted(request_)) return no_longer_wanted();
  if (held_since_) return std::nullopt;  // it is us who make it wait
  const auto& limits = request_.limits;
  if (limits.total > Duration{0} && now - began_ - held_ >= limits.total) return too_long(request_);
  if (sent() != sent_) last_byte_ = now;
  sent_ = sent();

  const auto ready = connected();
  if (!ready || now - std::max(*ready, last_byte_) < limits.stall) return std::nullopt;
  return too_silent(request_);
}

bool CurlTransfer::on_header(std::string_view line) {
  last_byte_ = std::chrono::steady_clock::now();
  if (body_begun_) return true;  // a trailer, which nobody asked for
  head_size_ += line.size();
  if (head_size_ > longest_head) {
    refused_ = Error{ErrorCode::corrupt, "the head of the answer is longer than any that is expected"};
    return false;
  }
  // an interim answer (100 Continue, a proxy's CONNECT) is followed by the real one
  if (line.starts_with("HTTP/")) {
    response_ = {};
    return true;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    response_.headers.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
  }
  return true;
}

Status CurlTransfer::begin_body() {
  if (body_begun_) return {};
  body_begun_ = true;
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (!request_.sink || !success(response_.status)) return {};
  return request_.sink->begin(response_, request_.range.value_or(ByteRange{}));
}

bool CurlTransfer::held(std::size_t bytes) {
  const auto now = std::chrono::steady_clock::now();
  if (gate_.admits(handle_.get(), bytes, now)) return false;
  held_since_ = now;
  return true;
}

CURLcode CurlTransfer::resume(SteadyTime now) {
  const auto time = now - *held_since_;
  held_since_.reset();
  held_ += time;
  last_byte_ = now;
  if (request_.held_back) request_.held_back->add(std::chrono::duration_cast<Duration>(time));
  return curl_easy_pause(handle_.get(), CURLPAUSE_CONT);
}

bool CurlTransfer::on_body(std::span<const std::byte> bytes) {
  last_byte_ = std::chrono::steady_clock::now();
  auto status = begin_body();
  if (status && request_.sink && success(response_.status)) {
    status = request_.sink->append(bytes);
  } else if (status && response_.body.size() + bytes.size() > request_.longest_body) {
    status = Error{ErrorCode::corrupt, "the answer is longer than any that is expected"};
  } else if (status) {
    make_room(response_.body, bytes.size());
    response_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  if (!status) refused_ = std::move(status).error();
  return !refused_;
}

Result<HttpResponse> CurlTransfer::conclude(CURLcode code) {
  if (refused_) return *std::move(refused_);
  if (code != CURLE_OK) return error_of_curl(handle_.get(), code, request_, detail_.data());
  // an answer without a body never reached on_body()
  BM_TRY(begin_body());
  curl_off_t first_byte = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
  response_.first_byte = std::chrono::microseconds{first_byte};
  return std::move(response_);
}

CurlTransfer::Outcome CurlTransfer::finish(std::unique_ptr<CurlTransfer> transfer, CURLcode code) {
  auto response = transfer->conclude(code);
  transfer->gate_.forget(transfer->handle_.get());
  curl_easy_reset(transfer->handle_.get());
  return {std::move(transfer->handle_), std::move(transfer->done_), std::move(response)};
}

CurlTransfer::Outcome CurlTransfer::give_up(std::unique_ptr<CurlTransfer> transfer, Error error) {
  transfer->refused_ = std::move(error);
  return finish(std::move(transfer), CURLE_ABORTED_BY_CALLBACK);
}

std::size_t CurlTransfer::header_callback(char* data, std::size_t size, std::size_t count,
                                          void* self) noexcept {
  const auto bytes = size * count;
  return static_cast<CurlTransfer*>(self)->on_header({data, bytes}) ? bytes : CURL_WRITEFUNC_ERROR;
}

std::size_t CurlTransfer::body_callback(char* data, std::size_t size, std::size_t count,
                                        void* self) noexcept {
  const auto bytes = size * count;
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.held(bytes)) return CURL_WRITEFUNC_PAUSE;
  const std::span<const char> text(data, bytes);
  return transfer.on_body(std::as_bytes(text)) ? bytes : CURL_WRITEFUNC_ERROR;
}

}  // namespace blobmount
