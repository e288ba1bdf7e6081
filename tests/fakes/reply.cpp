#include "fakes/reply.hpp"

#include <algorithm>
#include <string>

namespace blobmount::tests {
namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "Whatever";
  }
}

std::string head_of(int status, const HttpHeaders& headers) {
  auto text = "HTTP/1.1 " + std::to_string(status) + " ";
  text.append(reason_of(status)).append("\r\n");
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  return text.append("\r\n");
}

bool without_body(int status) { return status == 204 || status == 304; }

}  // namespace

bool Reply::send(int status, HttpHeaders headers, std::string_view body) {
  if (!without_body(status)) headers.add("Content-Length", std::to_string(body.size()));
  if (head_only_ || body.empty() || pacing_.limited()) {
    return send_head(status, headers) && (head_only_ || send_text(body));
  }
  // small answers as one segment: the client wakes once
  auto text = head_of(status, headers);
  text.append(body);
  sent_ += body.size();
  return connection_.send(std::as_bytes(std::span(text)));
}

bool Reply::send_head(int status, const HttpHeaders& headers) {
  const auto text = head_of(status, headers);
  return connection_.send(std::as_bytes(std::span(text)));
}

bool Reply::send_bytes(std::span<const std::byte> bytes) {
  return paced(bytes.size(), [this, bytes](std::uint64_t from, std::size_t size) {
    return connection_.send(bytes.subspan(static_cast<std::size_t>(from), size));
  });
}

bool Reply::send_file(int file, std::uint64_t offset, std::uint64_t length) {
  return paced(length, [this, file, offset](std::uint64_t from, std::size_t size) {
    return connection_.send_file(file, offset + from, size);
  });
}

void Reply::set_rate(double bytes_per_second) {
  pacing_ = Pacing(bytes_per_second, std::chrono::steady_clock::now());
}

template <typename Send>
bool Reply::paced(std::uint64_t length, Send send) {
  for (std::uint64_t from = 0; from < length && connection_.open();) {
    const auto size = static_cast<std::size_t>(
        pacing_.limited() ? std::min<std::uint64_t>(pacing_.piece(), length - from) : length - from);
    if (!send(from, size)) break;
    from += size;
    sent_ += size;
    if (pacing_.limited()) connection_.wait_until(pacing_.sent(size, std::chrono::steady_clock::now()));
  }
  return connection_.open();
}

}  // namespace blobmount::tests
