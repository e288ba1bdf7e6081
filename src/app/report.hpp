#pragma once

/// What a command has found out, line by line, for people and for programs.

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace blobmount {

enum class Finding : std::uint8_t { ok, note, failed, skipped };

struct ReportLine {
  Finding finding = Finding::ok;
  std::string subject{};  ///< "name resolution"
  std::string text{};     ///< what was found; where it failed, also what to do
};

class Report {
 public:
  void add(Finding finding, std::string subject, std::string text) {
    lines_.push_back({finding, std::move(subject), std::move(text)});
  }
  [[nodiscard]] const std::vector<ReportLine>& lines() const { return lines_; }
  [[nodiscard]] bool all_well() const;

  /// A line for each; `marks`: each begins with what became of it.
  void print(std::ostream& out, bool marks) const;
  /// {"ok": BOOL, "lines": [{"finding": ..., "subject": ..., "text": ...}, ...]}
  void print_json(std::ostream& out) const;

 private:
  std::vector<ReportLine> lines_;
};

}  // namespace blobmount
