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
  while (!bytes.empty() && connection_.open()) {
    const auto size = pacing_.limited() ? std::min(pacing_.piece(), bytes.size()) : bytes.size();
    if (pacing_.limited()) wait_until(pacing_.arrival_of(size, std::chrono::steady_clock::now()));
    if (!connection_.send(bytes.first(size))) break;
    sent_ += size;
    bytes = bytes.subspan(size);
  }
  return connection_.open();
}

void Reply::set_rate(double bytes_per_second) {
  pacing_ = Pacing(bytes_per_second, std::chrono::steady_clock::now());
}

}  // namespace blobmount::tests
