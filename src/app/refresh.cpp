#include "app/refresh.hpp"

#include <cstdlib>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/display.hpp"
#include "app/mount_client.hpp"
#include "app/mount_table.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

Status find_and_ask(const std::string& path) {
  BM_ASSIGN(place, find_mounted_place(read_mount_table(), path));
  auto answer = ask_mount(place.mount, {{"command", "refresh"}, {"path", place.path}});
  if (answer) return {};
  if (answer.error().code == ErrorCode::timed_out)
    answer.error().message += ": it hangs, or the kernel waits for a slow request before it takes note";
  return std::move(answer).error();
}

}  // namespace

int refresh(const RefreshCommand& command) {
  int status = EXIT_SUCCESS;
  auto results = json::array();
  for (const auto& path : command.paths) {
    const auto done = find_and_ask(path);
    results.push_back({{"path", path},
                       {"refreshed", done.has_value()},
                       {"error", done ? json() : json(done.error().message)}});
    if (done) continue;
    status = EXIT_FAILURE;
    if (!command.json)
      std::cerr << "blobmount: cannot refresh '" << printable(path)
                << "': " << printable(done.error().message) << std::endl;
  }
  if (command.json)
    std::cout << json{{"paths", std::move(results)}}.dump(2, ' ', false, json::error_handler_t::replace)
              << "\n";
  return status;
}

}  // namespace blobmount
