#include "fakes/role_gate.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <strings.h>

#include "support/http_client.hpp"

namespace blobmount::tests {
namespace {

bool same_name(std::string_view left, std::string_view right) {
  return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

/// Fields about the connection, or that curl writes itself from the body it is given.
bool stays_here(std::string_view name) {
  static constexpr std::array<std::string_view, 4> fields{"Connection", "Content-Length", "Transfer-Encoding",
                                                          "Expect"};
  return std::any_of(fields.begin(), fields.end(), [name](auto field) { return same_name(name, field); });
}

std::vector<std::string> headers_for_service(const HttpHeaders& headers) {
  std::vector<std::string> lines{"Expect:"};
  for (const auto& [name, value] : headers) {
    if (stays_here(name)) continue;
    lines.push_back(value.empty() ? name + ";"
                                  : name + ": " + value);  // the semicolon is curl's word for empty
  }
  for (const std::string name : {"Accept", "Content-Type"}) {
    if (!headers.get(name)) lines.push_back(name + ":");  // or curl adds its own
  }
  return lines;
}

}  // namespace

RoleGate::RoleGate(const Url& service, std::string ca_file)
    : service_(service.scheme + "://" + service.host + ":" + std::to_string(service.port)),
      account_path_(service.path),
      ca_file_(std::move(ca_file)),
      server_([this](const ServedRequest& request, Reply& reply) { answer(request, reply); }) {}

void RoleGate::answer(const ServedRequest& request, Reply& reply) {
  if (const auto objection = access_.objection_to(request)) {
    send_error(reply, *objection);
  } else {
    hand_on(request, reply);
  }
}

void RoleGate::hand_on(const ServedRequest& request, Reply& reply) const {
  thread_local HttpClient client;  // a connection on that side for each on this side
  bool answered = false;
  const AnswerSink sink{.head =
                            [&](int status, const HttpHeaders& headers) {
                              answered = true;
                              return reply.send_head(status, headers);
                            },
                        .body = [&](std::span<const std::byte> bytes) { return reply.send_bytes(bytes); },
                        .go_on = [&] { return reply.wait(std::chrono::nanoseconds{1}); }};
  const auto failure = client.exchange({.method = request.method,
                                        .url = service_ + request.target,
                                        .headers = headers_for_service(request.headers),
                                        .body = request.body,
                                        .ca_file = ca_file_,
                                        .keep_chunks = true},
                                       sink);
  if (!failure) return;
  if (!answered) send_error(reply, {.status = 502, .code = "BadGateway", .message = *failure});
  reply.close();
}

}  // namespace blobmount::tests
