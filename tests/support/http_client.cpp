#include "support/http_client.hpp"

#include <memory>
#include <stdexcept>

#include <curl/curl.h>

namespace blobmount::tests {
namespace {

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// The answer on its way from curl to the sink.
struct Arrival {
  const AnswerSink& sink;
  int status = 0;
  HttpHeaders headers{};
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

std::size_t on_header(const char* data, std::size_t, std::size_t size, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  const auto line = trimmed({data, size});
  if (line.starts_with("HTTP/")) {
    arrival.status = std::stoi(std::string(line.substr(line.find(' ') + 1, 3)));
    arrival.headers = {};
    return size;
  }
  if (line.empty()) {
    const bool final = arrival.status >= 200;  // after a 100 Continue another head comes
    return !final || arrival.sink.head(arrival.status, arrival.headers) ? size : 0;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return 0;
  arrival.headers.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
  return size;
}

std::size_t on_body(const char* data, std::size_t, std::size_t size, void* context) {
  const auto& sink = static_cast<Arrival*>(context)->sink;
  return sink.body(std::as_bytes(std::span(data, size))) ? size : 0;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Arrival*>(context)->sink.go_on() ? 0 : 1;
}

HeaderList list_of(const std::vector<std::string>& headers) {
  HeaderList list(nullptr, &curl_slist_free_all);
  for (const auto& header : headers) {
    curl_slist* const longer = curl_slist_append(list.get(), header.c_str());
    (void)list.release();
    list.reset(longer);
  }
  return list;
}

void set_body(CURL* curl, const ClientRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

}  // namespace

HttpClient::HttpClient() : curl_(curl_easy_init()) {
  if (curl_ == nullptr) throw std::runtime_error("curl_easy_init");
}

HttpClient::~HttpClient() { curl_easy_cleanup(curl_); }

std::optional<std::string> HttpClient::exchange(const ClientRequest& request, const AnswerSink& sink) {
  Arrival arrival{.sink = sink};
  const auto headers = list_of(request.headers);
  curl_easy_reset(curl_);  // keeps the connection
  curl_easy_setopt(curl_, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl_, CURLOPT_PROXY, "");
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl_, CURLOPT_HTTP_TRANSFER_DECODING, request.keep_chunks ? 0L : 1L);
  if (!request.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, request.ca_file.c_str());
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &arrival);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &arrival);
  curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &arrival);
  set_body(curl_, request);

  const auto outcome = curl_easy_perform(curl_);
  if (outcome == CURLE_OK) return std::nullopt;
  return request.method + " " + request.url + ": " + curl_easy_strerror(outcome);
}

HttpResponse HttpClient::send(const ClientRequest& request) {
  HttpResponse response;
  const AnswerSink sink{.head =
                            [&response](int status, const HttpHeaders& headers) {
                              response.status = status;
                              response.headers = headers;
                              return true;
                            },
                        .body =
                            [&response](std::span<const std::byte> bytes) {
                              response.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                              return true;
                            }};
  if (auto failure = exchange(request, sink)) throw std::runtime_error(*failure);
  return response;
}

}  // namespace blobmount::tests
