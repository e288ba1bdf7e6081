#include "app/refresh.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "app/mount_client.hpp"
#include "app/mount_table.hpp"

namespace blobmount {
namespace {

Status find_and_ask(const std::string& path) {
  BM_ASSIGN(place, find_mounted_place(read_mount_table(), path));
  auto answer = ask_mount(place.mount, {{"command", "refresh"}, {"path", place.path}});
  if (answer) return {};
  if (answer.error().code == ErrorCode::timed_out)
    answer.error().message += ": it hangs, or the kernel waits for a slow request before it takes note";
  return std::move(answer).error();
}

}  // namespace

Status refresh(const std::string& path) {
  auto done = find_and_ask(path);
  if (!done) return std::move(done).error().within("cannot refresh '" + path + "'");
  return done;
}

}  // namespace blobmount
