#include "app/configuration_file.hpp"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

namespace blobmount {
namespace {

using nlohmann::json;

/// More than anybody writes by hand.
constexpr std::size_t longest_file = 1U << 20U;

/// Goes through a text and counts its lines, for the parser tells no positions. Copies count together.
class CountedCharacter {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedCharacter(const char* at, std::size_t* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  CountedCharacter& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  CountedCharacter operator++(int) {
    const auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountedCharacter& other) const { return at_ == other.at_; }
  bool operator!=(const CountedCharacter& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

/// Without what it says of itself, and without what it read last: that may be a secret.
std::string without_frills(std::string text) {
  if (const auto position = text.find(", column "); position != std::string::npos)
    text.erase(0, text.find(':', position) + 2);
  const auto last = text.find("; last read: ");
  if (last != std::string::npos) {
    const auto next = text.find("; expected", last);
    text.erase(last, next == std::string::npos ? next : next - last);
  }
  return text;
}

/// Takes what the parser finds. Its functions return whether to go on.
class Taker final : public nlohmann::json_sax<json> {
 public:
  Taker(const std::string& file, const std::size_t& line)
      : file_(file), directory_(std::filesystem::path(file).parent_path()), line_(line) {}

  [[nodiscard]] Result<GivenValues> taken() && {
    if (error_) return *std::move(error_);
    return std::move(values_);
  }

  bool key(string_t& name) override {
    key_line_ = line_;
    setting_ = find_setting(name);
    return setting_ != nullptr || refuse(no_such_setting(name).message);
  }
  bool string(string_t& text) override { return take(text); }
  bool boolean(bool value) override { return take(value ? "on" : "off"); }
  bool number_integer(number_integer_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(std::to_string(value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { return take(text); }
  bool null() override { return refuse_value("null"); }
  bool binary(binary_t& /*value*/) override { return refuse_value("binary data"); }
  bool start_object(std::size_t /*members*/) override {
    if (depth_++ == 0) return true;
    return refuse_value("an object");
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*members*/) override {
    if (setting_ == nullptr) return refuse("a configuration is an object: { ... }");
    in_list_ = setting_->is_list && !in_list_;
    return in_list_ || refuse_value("a list");
  }
  bool end_array() override {
    in_list_ = false;
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& exception) override {
    key_line_ = line_;
    return refuse("this is not JSON: " + without_frills(exception.what()));
  }

 private:
  bool refuse(const std::string& why) {
    error_ = Error{ErrorCode::invalid_argument, origin() + ": " + why};
    return false;
  }
  bool refuse_value(const std::string& what) {
    if (setting_ == nullptr) return refuse("a configuration is an object: { ... }");
    return refuse("\"" + setting_->name + "\" does not take " + what);
  }
  [[nodiscard]] std::string origin() const { return file_ + ":" + std::to_string(key_line_); }

  bool take(const std::string& text) {
    if (setting_ == nullptr) return refuse("a configuration is an object: { ... }");
    const auto given = give(values_, *setting_, text, origin(), directory_);
    if (given) return true;
    error_ = Error{ErrorCode::invalid_argument,
                   origin() + ": \"" + setting_->name + "\"" + given.error().message.substr(origin().size())};
    return false;
  }

  const std::string& file_;
  const std::string directory_;
  const std::size_t& line_;  ///< that the parser is at
  std::size_t key_line_ = 1;
  const Setting* setting_ = nullptr;  ///< of the key that came last
  std::size_t depth_ = 0;             ///< of objects
  bool in_list_ = false;
  GivenValues values_;
  std::optional<Error> error_;
};

Result<std::string> content_of(const std::string& file) {
  const auto unreadable = [&file](const std::string& why) {
    return Error{ErrorCode::invalid_argument, "cannot read the configuration '" + file + "': " + why};
  };
  std::error_code unknown;
  const auto kind = std::filesystem::status(file, unknown);
  if (std::filesystem::is_directory(kind)) return unreadable("it is a directory");
  // a pipe would have to be written for each `blobmount reload`, which waits for it
  if (std::filesystem::exists(kind) && !std::filesystem::is_regular_file(kind))
    return unreadable("it is no regular file");
  std::ifstream stream(file);
  if (!stream) return unreadable(std::generic_category().message(errno));
  std::string text(longest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) return unreadable(std::generic_category().message(errno));
  if (text.size() > longest_file) return unreadable("it has more than 1 MiB");
  return text;
}

}  // namespace

Result<GivenValues> read_configuration_file(const std::string& file) {
  BM_ASSIGN(text, content_of(file));
  std::size_t line = 1;
  Taker taker(file, line);
  json::sax_parse(CountedCharacter(text.data(), &line), CountedCharacter(text.data() + text.size(), &line),
                  &taker, json::input_format_t::json, true, true);
  return std::move(taker).taken();
}

}  // namespace blobmount
