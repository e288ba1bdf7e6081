#include "app/top_command.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/activity_rates.hpp"
#include "app/json_members.hpp"
#include "app/mount_client.hpp"
#include "app/mount_health.hpp"
#include "app/terminal.hpp"
#include "app/top_screen.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds interval{1};
constexpr std::chrono::seconds patience{5};
/// Where it is not a terminal that says how wide it is.
constexpr std::size_t usual_width = 100;

Result<json> look_at(const MountEntry& mount) {
  return ask_mount(mount, {{"command", "activity"}}, patience);
}

Result<int> print_once(const MountEntry& mount, bool as_json, std::ostream& out) {
  BM_ASSIGN(before, look_at(mount));
  std::this_thread::sleep_for(interval);
  BM_ASSIGN(after, look_at(mount));
  const auto rates = rates_between(member_of(before, "activity"), member_of(after, "activity"));
  if (as_json) {
    auto sample = json_of(rates);
    sample["status"] = member_of(after, "status");
    out << sample.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
  } else {
    for (const auto& line : top_screen(member_of(after, "status"), rates, usual_width)) out << line << "\n";
  }
  return EXIT_SUCCESS;
}

Result<int> watch(const MountEntry& mount) {
  BM_ASSIGN(before, look_at(mount));
  BM_ASSIGN(terminal, Terminal::open());
  auto after = before;
  auto rates = rates_between(member_of(before, "activity"), member_of(after, "activity"));
  while (true) {
    terminal->draw(top_screen(member_of(after, "status"), rates, terminal->width()));
    const auto event = terminal->wait(interval);
    if (event == Terminal::Event::quit) return EXIT_SUCCESS;
    if (event == Terminal::Event::redraw) continue;
    before = std::move(after);
    BM_ASSIGN(next, look_at(mount));
    after = std::move(next);
    rates = rates_between(member_of(before, "activity"), member_of(after, "activity"));
  }
}

}  // namespace

Result<int> run_command(const TopCommand& command, std::ostream& out) {
  BM_ASSIGN(mount, choose_mount(command.path));
  if (command.once || command.json) return print_once(mount, command.json, out);
  return watch(mount);
}

}  // namespace blobmount
