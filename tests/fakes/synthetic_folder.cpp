#include "fakes/synthetic_folder.hpp"

#include <charconv>

#include "fakes/random.hpp"
#include "fakes/synthetic_content.hpp"

namespace blobmount::tests {
namespace {

void append_number(std::string& text, std::uint64_t number, int digits) {
  text.append(static_cast<std::size_t>(digits), '0');
  for (auto digit = text.rbegin(); number > 0 && digits-- > 0; ++digit, number /= 10) {
    *digit = static_cast<char>('0' + number % 10);
  }
}

std::string etag_of(std::uint64_t number) {
  std::string text(16, '\0');
  const auto [end, failure] = std::to_chars(text.data(), text.data() + text.size(), mixed(number), 16);
  text.resize(static_cast<std::size_t>(end - text.data()));
  return "\"0x" + text + "\"";
}

}  // namespace

std::string SyntheticFolder::name(std::uint64_t index) const {
  auto text = prefix;
  if (folders > 0) {
    text += "folder-";
    append_number(text, index / blobs, 5);
    text += '/';
  }
  text += "file-";
  append_number(text, folders > 0 ? index % blobs : index, 8);
  return text;
}

CatalogBlob SyntheticFolder::blob(std::uint64_t index) const {
  const auto seed = SyntheticContent::seed_of(name(index));
  return {.size = blob_size, .seed = seed, .etag = etag_of(seed), .last_modified = last_modified};
}

std::uint64_t SyntheticFolder::lower_bound(std::string_view wanted) const {
  std::uint64_t low = 0, high = count();
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (name(middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<std::uint64_t> SyntheticFolder::find(std::string_view wanted) const {
  if (!wanted.starts_with(prefix)) return std::nullopt;
  const auto index = lower_bound(wanted);
  return index < count() && name(index) == wanted ? std::optional(index) : std::nullopt;
}

}  // namespace blobmount::tests
