#include "support/process_memory.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "cache/system_files.hpp"

namespace blobmount::tests {
namespace {

int times_in(std::string_view text, std::string_view bytes) {
  int times = 0;
  for (auto at = text.find(bytes); at != std::string_view::npos; at = text.find(bytes, at + 1)) ++times;
  return times;
}

struct Mapping {
  std::uint64_t begin = 0, end = 0;
  std::string mode{};
};

/// A line of /proc/PID/maps: https://docs.kernel.org/filesystems/proc.html
Mapping mapping_of(const std::string& line) {
  Mapping mapping;
  char dash = 0;
  std::istringstream(line) >> std::hex >> mapping.begin >> dash >> mapping.end >> mapping.mode;
  return mapping;
}

Descriptor opened(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw std::runtime_error("cannot open " + path);
  return file;
}

class Memory {
 public:
  explicit Memory(const std::string& process)
      : content_(opened(process + "/mem")), pages_(opened(process + "/pagemap")) {}

  /// Without the pages that were never touched: to read them would make them.
  [[nodiscard]] std::string content_of(const Mapping& mapping) const {
    std::vector<std::uint64_t> pages((mapping.end - mapping.begin) / page_size_);
    (void)::pread(pages_.number(), pages.data(), pages.size() * sizeof pages[0],
                  static_cast<off_t>(mapping.begin / page_size_ * sizeof pages[0]));
    std::string content, page(page_size_, '\0');
    for (std::size_t i = 0; i < pages.size(); ++i) {
      // https://docs.kernel.org/admin-guide/mm/pagemap.html
      constexpr std::uint64_t present = 1ULL << 63U;
      if ((pages[i] & present) == 0) continue;
      const auto place = static_cast<off_t>(mapping.begin + i * page_size_);
      if (::pread(content_.number(), page.data(), page.size(), place) > 0) content += page;
    }
    return content;
  }

 private:
  const std::size_t page_size_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const Descriptor content_;
  const Descriptor pages_;
};

}  // namespace

int times_in_memory(pid_t process, std::string_view bytes) {
  const auto directory = "/proc/" + std::to_string(process);
  const Memory memory(directory);
  int times = 0;
  std::ifstream maps(directory + "/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto mapping = mapping_of(line);
    if (mapping.mode.starts_with("rw")) times += times_in(memory.content_of(mapping), bytes);
  }
  return times;
}

}  // namespace blobmount::tests
