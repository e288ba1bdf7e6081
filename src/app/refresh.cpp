#include "app/refresh.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "app/mount_client.hpp"
#include "app/mount_table.hpp"

namespace blobmount {
namespace {

Status find_and_ask(const std::string& path) {
  BM_ASSIGN(place, find_mounted_place(read_mount_table(), path));
  BM_TRY(ask_mount(place.mount, {{"command", "refresh"}, {"path", place.path}}));
  return {};
}

}  // namespace

Status refresh(const std::string& path) {
  auto done = find_and_ask(path);
  if (!done) return std::move(done).error().within("cannot refresh '" + path + "'");
  return done;
}

}  // namespace blobmount
