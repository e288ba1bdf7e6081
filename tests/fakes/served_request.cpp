#include "fakes/served_request.hpp"

#include <algorithm>
#include <charconv>

namespace blobmount::tests {
namespace {

template <typename Number>
std::optional<Number> number_of(std::string_view text, int base) {
  Number number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (failure != std::errc{} || end == text.data()) return std::nullopt;
  return number;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  while (!text.empty()) {
    const auto field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    const auto name = field.substr(0, field.find('='));
    const auto value = name.size() < field.size() ? field.substr(name.size() + 1) : std::string_view{};
    if (!field.empty()) query.emplace_back(decode(name), decode(value));
  }
  return query;
}

bool parse_request_line(std::string_view line, ServedRequest& request) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end) return false;
  request.method = line.substr(0, method_end);
  request.target = line.substr(method_end + 1, target_end - method_end - 1);
  const auto path_end = std::min(request.target.find('?'), request.target.size());
  request.path = decode(std::string_view(request.target).substr(0, path_end));
  if (path_end < request.target.size())
    request.query = parse_query(std::string_view(request.target).substr(path_end + 1));
  return line.substr(target_end + 1) == "HTTP/1.1";
}

}  // namespace

std::string decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const auto byte = escape ? number_of<unsigned char>(text.substr(i + 1, 2), 16) : std::nullopt;
    decoded += byte ? static_cast<char>(*byte) : text[i];
    if (byte) i += 2;
  }
  return decoded;
}

std::optional<std::string> ServedRequest::header(std::string_view name) const {
  const auto value = headers.get(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<std::string> ServedRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<ServedRequest> RequestReader::next() {
  ServedRequest request;
  auto text = line();
  if (!text || !parse_request_line(*text, request)) return std::nullopt;
  while ((text = line()) && !text->empty()) {
    const auto colon = text->find(':');
    if (colon == std::string::npos) return std::nullopt;
    request.headers.add(text->substr(0, colon),
                        std::string(trimmed(std::string_view(*text).substr(colon + 1))));
  }
  if (!text || !read_body(request)) return std::nullopt;
  return request;
}

std::optional<std::string> RequestReader::line() {
  auto end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (!connection_.receive(buffer_)) return std::nullopt;
    end = buffer_.find("\r\n");
  }
  auto text = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return text;
}

bool RequestReader::read(std::size_t size, std::string& into) {
  while (buffer_.size() < size) {
    if (!connection_.receive(buffer_)) return false;
  }
  into.append(buffer_, 0, size);
  buffer_.erase(0, size);
  return true;
}

bool RequestReader::read_chunks(std::string& into) {
  while (true) {
    const auto size_line = line();
    const auto size = size_line ? number_of<std::size_t>(*size_line, 16) : std::nullopt;
    if (!size || !read(*size, into)) return false;
    const auto after = line();  // the end of the chunk, or of the trailers, of which we know none
    if (!after || !after->empty()) return false;
    if (*size == 0) return true;
  }
}

bool RequestReader::read_body(ServedRequest& request) {
  const auto length = request.header("Content-Length");
  const bool chunked = request.header("Transfer-Encoding") == "chunked";
  if (!length && !chunked) return true;
  if (request.header("Expect") == "100-continue") {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!connection_.send(std::as_bytes(std::span(go_on)))) return false;
  }
  if (chunked) return read_chunks(request.body);
  const auto size = number_of<std::size_t>(*length, 10);
  return size && read(*size, request.body);
}

}  // namespace blobmount::tests
