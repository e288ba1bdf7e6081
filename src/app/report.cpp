#include "app/report.hpp"

#include <algorithm>
#include <iomanip>

#include <nlohmann/json.hpp>

namespace blobmount {
namespace {

const char* word_for(Finding finding) {
  switch (finding) {
    case Finding::ok:
      return "ok";
    case Finding::note:
      return "note";
    case Finding::failed:
      return "FAILED";
    case Finding::skipped:
      return "-";
  }
  return "";
}

const char* name_of(Finding finding) {
  if (finding == Finding::failed) return "failed";
  return finding == Finding::skipped ? "skipped" : word_for(finding);
}

}  // namespace

bool Report::all_well() const {
  return std::ranges::none_of(lines_, [](const auto& line) { return line.finding == Finding::failed; });
}

void Report::print(std::ostream& out, bool marks) const {
  std::size_t widest = 0;
  for (const auto& line : lines_) widest = std::max(widest, line.subject.size());
  out << std::left;
  for (const auto& [finding, subject, text] : lines_) {
    if (marks) out << std::setw(8) << word_for(finding);
    out << std::setw(static_cast<int>(widest) + 2) << subject;
    // without marks, it is the one thing that must not be overlooked
    if (!marks && finding == Finding::failed) out << word_for(finding) << ": ";
    out << text << "\n";
  }
}

void Report::print_json(std::ostream& out) const {
  auto lines = nlohmann::json::array();
  for (const auto& [finding, subject, text] : lines_)
    lines.push_back({{"finding", name_of(finding)}, {"subject", subject}, {"text", text}});
  const nlohmann::json report{{"ok", all_well()}, {"lines", std::move(lines)}};
  // names of blobs may be anything
  out << report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace blobmount
