/// What the documents and man pages say of commands and options, beside what the program says: none has more
/// than the other. The tables of settings are those of the program, too: configuration_test.cpp.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/mounted.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsSubsetOf;

using Names = std::set<std::string>;

const std::filesystem::path source(BLOBMOUNT_SOURCE_DIR);

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(source / file);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  EXPECT_FALSE(text.empty()) << file;
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

/// The first group of each match.
std::vector<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
    found.push_back((*match)[1]);
  return found;
}

/// Such as "--cache-dir".
Names options_in(const std::string& text) {
  const auto found = matches(text, "(?:^|[^a-zA-Z0-9-])(--[a-z][a-z-]*)");
  return {found.begin(), found.end()};
}

Finished blobmount(std::vector<std::string> arguments) {
  auto finished = run(blobmount_command(std::move(arguments)), 60s);
  EXPECT_TRUE(finished) << "it hangs";
  return finished.value_or(Finished{});
}

/// `command`: such as "config show"; empty: blobmount itself.
std::string help_of(const std::string& command) {
  auto arguments = words_of(command);
  arguments.emplace_back("--help");
  const auto finished = blobmount(arguments);
  EXPECT_EQ(finished.status, 0) << command << ": " << finished.error_output;
  EXPECT_THAT(finished.output, HasSubstr("Usage: blobmount" + (command.empty() ? "" : " " + command)));
  return finished.output;
}

/// Those that a --help declares.
Names declared_in(const std::string& help) {
  const auto found = matches(help, "\n +(?:-[a-z],)?(--[a-z][a-z-]*)");
  return {found.begin(), found.end()};
}

/// As --help names them, but for "config", whose two stand for it.
std::vector<std::string> commands() {
  std::vector<std::string> names{"config reference"};
  for (auto& name : matches(help_of(""), "\n  blobmount ([a-z]+)"))
    names.push_back(name == "config" ? "config show" : std::move(name));
  EXPECT_GT(names.size(), 10U);
  return names;
}

/// The flags that are no settings, which most commands that take those have, too.
Names flags_of(const std::string& command) {
  auto flags = declared_in(help_of(command));
  flags.erase("--help");
  if (flags.contains("--log-level")) {
    for (const auto& setting : declared_in(help_of(""))) flags.erase(setting);
  }
  return flags;
}

Names all_options() {
  auto all = declared_in(help_of(""));
  for (const auto& command : commands()) all.merge(declared_in(help_of(command)));
  return all;
}

/// As it is read: without what says how letters look.
std::string man_page(const std::string& name) {
  return std::regex_replace(text_of("packaging/man/" + name), std::regex(R"(\\f[BIR]|\\(?=-)|")"), "");
}

/// The line of `page` that begins so; empty where there is none.
std::string line_with(const std::string& page, const std::string& beginning) {
  for (const auto& line : lines_of(page)) {
    if (line.starts_with(beginning)) return line;
  }
  return "";
}

/// What of a Markdown page is code: lines between fences, and what stands between backticks.
std::vector<std::string> code_in(const std::string& page) {
  std::vector<std::string> code;
  bool fenced = false;
  for (const auto& line : lines_of(page)) {
    const bool is_fence = line.find("```") != std::string::npos;
    fenced = fenced != is_fence;
    if (fenced && !is_fence) code.push_back(std::regex_replace(line, std::regex("^ *[$#] "), ""));
    if (fenced || is_fence) continue;
    const auto spans = matches(line, "`([^`]+)`");
    code.insert(code.end(), spans.begin(), spans.end());
  }
  return code;
}

/// blobmount's, or an option that stands alone: those behind another program's name are that one's.
bool is_about_blobmount(const std::string& code) {
  const auto words = words_of(code);
  return !words.empty() && (words.front() == "blobmount" || words.front().starts_with("--"));
}

/// What is neither an option nor a place to be filled in, where nothing is mounted: "contoso /mnt/contoso".
bool has_command(const std::vector<std::string>& words) {
  return words.size() > 1 && words[0] == "blobmount" &&
         std::ranges::all_of(words[1], [](char c) { return c >= 'a' && c <= 'z'; }) &&
         std::ranges::none_of(words, [](const auto& word) { return word.starts_with('/'); });
}

std::vector<std::filesystem::path> pages() {
  std::vector<std::filesystem::path> found{"README.md", "CHANGELOG.md"};
  for (const auto& file : std::filesystem::recursive_directory_iterator(source / "docs"))
    if (file.path().extension() == ".md") found.push_back(std::filesystem::relative(file.path(), source));
  EXPECT_GT(found.size(), 10U);
  return found;
}

/// The fourth fields of lines of /etc/fstab.
std::vector<std::string> fstab_options_in(const std::string& page) {
  return matches(page, R"((?:^|\n) *\S+ +/\S+ +blobmount +(\S+) +0 +0)");
}

/// As settings, which is what a mount takes.
void expect_taken(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"config", "show"});
  const auto shown = blobmount(std::move(arguments));
  EXPECT_EQ(shown.status, 0) << shown.error_output;
}

TEST(Documents, TheManPageHasEachCommandWithItsFlags) {
  auto page = man_page("blobmount.1.in");
  page.erase(0, page.find("\n.SH COMMANDS"));
  page = std::regex_replace(page, std::regex(R"(\n\.(BR|BI|B) )"), "\n");

  for (const auto& command : commands()) {
    const auto entry = line_with(page, "blobmount " + command + " ");
    EXPECT_NE(entry, "") << command << " is missing";
    EXPECT_THAT(flags_of(command), IsSubsetOf(options_in(entry))) << command;
  }
}

TEST(Documents, TheReferenceHasEachCommandWithItsFlags) {
  const auto page = text_of("docs/configuration.md");

  for (const auto& command : commands()) {
    const auto row = line_with(page, "| `blobmount " + command + " ");
    EXPECT_NE(row, "") << command << " is missing";
    EXPECT_THAT(flags_of(command), IsSubsetOf(options_in(row))) << command;
  }
}

TEST(Documents, WhatBlobmountItselfTakesBesideSettingsIsInBoth) {
  const auto page = man_page("blobmount.1.in"), reference = text_of("docs/configuration.md");
  Names settings;
  for (const auto& name :
       matches(blobmount({"config", "reference", "markdown"}).output, R"(\n\| `([a-z-]+)`)"))
    settings.insert("--" + name);
  ASSERT_GT(settings.size(), 30U);

  for (const auto& option : declared_in(help_of(""))) {
    if (settings.contains(option)) continue;
    EXPECT_THAT(options_in(page), testing::Contains(option));
    EXPECT_THAT(options_in(reference), testing::Contains(option));
  }
}

TEST(Documents, EachOptionThatIsNamedExists) {
  auto known = all_options();
  // of podman and docker
  known.insert({"--cap-add", "--device", "--volume"});

  for (const auto& page : pages()) {
    for (const auto& code : code_in(text_of(page))) {
      if (!is_about_blobmount(code)) continue;
      EXPECT_THAT(options_in(code), IsSubsetOf(known)) << page << ": " << code;
    }
  }
  for (const auto* page : {"blobmount.1.in", "mount.blobmount.8.in"}) {
    auto named = options_in(man_page(page));
    named.erase("--now");  // of systemctl
    EXPECT_THAT(named, IsSubsetOf(known)) << page;
  }
}

TEST(Documents, EachCommandThatIsNamedExists) {
  Names known;
  for (const auto& command : commands()) known.insert(words_of(command).front());

  for (const auto& page : pages()) {
    for (const auto& code : code_in(text_of(page))) {
      const auto words = words_of(code);
      if (!has_command(words)) continue;
      EXPECT_THAT(known, testing::Contains(words[1])) << page << ": " << code;
    }
  }
}

TEST(Documents, ThePlotIsThatOfTheFigures) {
  const auto drawn =
      run({.arguments = {"python3", source / "tests/bench/plot.py", source / "docs/performance.md"}});

  ASSERT_TRUE(drawn);
  EXPECT_EQ(drawn->status, 0) << drawn->error_output;
  EXPECT_EQ(drawn->output, text_of("docs/images/performance.svg"));
}

TEST(Documents, EachCommandSpeaksToProgramsToo) {
  for (const auto& command : commands()) {
    if (command == "config reference") continue;
    EXPECT_THAT(flags_of(command), testing::Contains("--json")) << command;
  }
}

/// What bash offers when "--" is typed after `words`. The functions are those of bash-completion, as far as
/// they matter.
Names flags_offered_by_bash(const std::string& completion, const std::string& words) {
  const auto script =
      "_init_completion() { words=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD cur=-- prev=; }\n" + completion +
      "COMP_WORDS=(" + words + " --) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n" +
      "_blobmount\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  const auto finished =
      run({.arguments = {"bash", "-euo", "pipefail", "-c", script}}).value_or(Finished{-1, "", "it hangs"});
  EXPECT_EQ(finished.error_output, "");
  std::istringstream lines(finished.output);
  return {std::istream_iterator<std::string>(lines), {}};
}

TEST(Documents, BashCompletesTheFlagsOfEachCommand) {
  const auto completion = blobmount({"config", "reference", "bash"}).output;

  EXPECT_EQ(flags_offered_by_bash(completion, "blobmount"), declared_in(help_of("")));
  for (const auto& command : commands()) {
    if (command.starts_with("config")) continue;
    EXPECT_EQ(flags_offered_by_bash(completion, "blobmount " + command), declared_in(help_of(command)))
        << command;
  }
}

TEST(Documents, CompletionsAreWhatTheirShellsTake) {
  const TemporaryDirectory directory;
  const std::vector<std::pair<std::string, std::string>> shells{
      {"bash", "-n"}, {"zsh", "-n"}, {"fish", "--no-execute"}};
  for (const auto& [shell, only_read] : shells) {
    const auto file = directory.path() / shell;
    std::ofstream(file) << blobmount({"config", "reference", shell}).output;
    const auto finished = run({.arguments = {shell, only_read, file}});
    ASSERT_TRUE(finished) << shell;
    EXPECT_EQ(finished->status, 0) << finished->error_output;
  }
}

TEST(Documents, EachCommandIsCompleted) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto completion = blobmount({"config", "reference", shell}).output;
    for (const auto& command : commands())
      EXPECT_THAT(words_of(std::regex_replace(completion, std::regex("[\"'()]"), " ")),
                  testing::Contains(words_of(command).front()))
          << shell;
  }
}

TEST(Documents, ConfigurationsToBeCopiedAreTaken) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "mount.json";
  const auto reference = text_of("docs/configuration.md");
  const auto begin = reference.find("```json\n") + 8;
  const auto documented = reference.substr(begin, reference.find("```", begin) - begin);
  const auto packaged = std::regex_replace(text_of("packaging/examples/example.json"),
                                           std::regex("ACCOUNT/CONTAINER"), "account/container");

  for (const auto& text : {documented, packaged}) {
    std::ofstream(file) << text;
    expect_taken({"--config", file});
  }
}

TEST(Documents, LinesForFstabAreTaken) {
  std::vector<std::string> lines;
  for (const auto* page : {"README.md", "docs/configuration.md", "docs/services.md"})
    for (auto& options : fstab_options_in(text_of(page))) lines.push_back(std::move(options));
  for (auto& options : fstab_options_in(man_page("mount.blobmount.8.in")))
    lines.push_back(std::move(options));

  ASSERT_GE(lines.size(), 4U);
  for (const auto& options : lines) expect_taken({"-o", options, "account/container", "/mnt"});
}

}  // namespace
}  // namespace blobmount::tests
