#include "tools/piperpc/words.h"

#include <optional>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Walks over a line once.
class Splitter {
 public:
  explicit Splitter(std::string_view line) : rest_(line) {}

  OutcomeOr<std::vector<std::string>> Split() {
    std::vector<std::string> words;
    while (SkipBlanks()) {
      std::optional<std::string> word = rest_[0] == '{' ? TakeJson() : TakeWord();
      if (!word.has_value()) return UsageError("the line ends inside a quote or a brace");
      words.push_back(*std::move(word));
    }
    return words;
  }

 private:
  // False at the end of the line, or at a comment.
  bool SkipBlanks() {
    while (!rest_.empty() && IsSpace(rest_[0])) Pop();
    return !rest_.empty() && rest_[0] != '#';
  }

  char Pop() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  std::optional<std::string> TakeWord() {
    std::string word;
    while (!rest_.empty() && !IsSpace(rest_[0])) {
      const char c = Pop();
      const bool whole = c == '\'' || c == '"' ? TakeQuoted(c, word) : TakeCharacter(c, word);
      if (!whole) return std::nullopt;
    }
    return word;
  }

  bool TakeCharacter(char c, std::string& word) {
    if (c == '\\') {
      if (rest_.empty()) return false;
      c = Pop();
    }
    word += c;
    return true;
  }

  bool TakeQuoted(char quote, std::string& word) {
    while (!rest_.empty()) {
      const char c = Pop();
      if (c == quote) return true;
      const bool literal = quote == '\'';
      if (literal) word += c;
      if (!literal && !TakeCharacter(c, word)) return false;
    }
    return false;
  }

  std::optional<std::string> TakeJson() {
    std::string json;
    bool in_string = false;
    int depth = 0;
    while (!rest_.empty()) {
      const char c = Pop();
      json += c;
      if (in_string && c == '\\' && !rest_.empty()) json += Pop();
      if (c == '"') in_string = !in_string;
      if (!in_string && c == '{') ++depth;
      if (!in_string && c == '}' && --depth == 0) return json;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

}  // namespace

OutcomeOr<std::vector<std::string>> SplitLine(std::string_view line) {
  return Splitter(line).Split();
}

}  // namespace piperpc::cli
