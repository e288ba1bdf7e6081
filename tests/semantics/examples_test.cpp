/// The examples of docs/semantics.md, as they stand there. Each block is a session of one user: after `$` a
/// command, below it all that it prints. `/mnt` is the account's mount; what is said to `az` is done to the
/// service.

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

struct Example {
  int line = 0;
  std::string command, output;
};

std::vector<Example> examples_of(const std::string& page) {
  std::vector<Example> examples;
  std::ifstream in(page);
  EXPECT_TRUE(in) << page;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      examples.push_back({number, line.substr(2), ""});
    } else if (inside) {
      examples.back().output += line + '\n';
    }
  }
  return examples;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

/// What is printed where a user reads it, whatever it is printed to; the last line may lack its newline.
std::string said_by(const Command& command) {
  const auto finished = run(command);
  if (!finished) return "it hangs";
  auto said = finished->output + finished->error_output;
  if (!said.empty() && !said.ends_with('\n')) said += '\n';
  return said;
}

class Examples : public testing::Test {
 protected:
  std::string execute(const std::string& line) {
    if (line.starts_with("az ")) {
      az(line);
      return "";
    }
    auto command = blobmount_command({"-c", replaced(line, "/mnt", mounted_.path().string())});
    const auto program = std::filesystem::path(command.arguments.front());
    command.arguments.front() = "bash";
    command.environment["PATH"] = program.parent_path().string() + ":" + std::getenv("PATH");
    command.environment["LC_ALL"] = "C.UTF-8";
    return replaced(said_by(command), mounted_.path().string(), "/mnt");
  }

  /// az storage blob (upload|delete) -c CONTAINER -n NAME [--data TEXT] [--overwrite]
  void az(const std::string& line) {
    const auto printed = said_by({.arguments = {"bash", "-c", "printf '%s\\n' " + line}});
    std::vector<std::string> words;
    std::istringstream in(printed);
    for (std::string word; std::getline(in, word);) words.push_back(word);
    const auto value = [&words](std::string_view option) {
      const auto found = std::ranges::find(words, option);
      return found != words.end() ? *std::next(found) : "";
    };
    if (words.at(3) == "upload") {
      account_.author.put(value("-c"), value("-n"), value("--data"));
    } else {
      ASSERT_EQ(words.at(3), "delete");
      account_.author.remove(value("-c"), value("-n"));
    }
  }

  AzuriteAccount account_;
  Mounted mounted_{[this] {
    account_.author.create_container("docs");
    return account_.mount();
  }()};
};

TEST_F(Examples, OfTheSemanticsAreTrue) {
  const auto examples = examples_of(BLOBMOUNT_SOURCE_DIR "/docs/semantics.md");
  ASSERT_GE(examples.size(), 20U);

  for (const auto& example : examples) {
    SCOPED_TRACE("line " + std::to_string(example.line) + ": " + example.command);
    EXPECT_EQ(execute(example.command), example.output);
  }
}

}  // namespace
}  // namespace blobmount::tests
