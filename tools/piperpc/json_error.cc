#include "tools/piperpc/json_error.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/utf8.h"

namespace piperpc::cli {
namespace {

// A text of protobuf's, taken apart.
struct Shown {
  std::string_view what;
  std::string_view part;  // Of the JSON.
  std::size_t caret = 0;  // Within the part.
};

// Nothing: it does not end with a part and a line with a caret.
std::optional<Shown> TakeApart(std::string_view said) {
  const std::size_t first = said.find('\n');
  const std::size_t last = said.rfind('\n');
  if (first == last || !said.ends_with('^')) return std::nullopt;
  const std::string_view blanks = said.substr(last + 1, said.size() - last - 2);
  const Shown shown{said.substr(0, first), said.substr(first + 1, last - first - 1), blanks.size()};
  const bool whole =
      blanks.find_first_not_of(' ') == blanks.npos && shown.caret <= shown.part.size();
  return whole ? std::optional(shown) : std::nullopt;
}

std::size_t CharactersIn(std::string_view text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins));
}

std::string PositionText(std::string_view json, std::size_t at) {
  const std::string_view before = json.substr(0, at);
  const std::string column =
      absl::StrCat("column ", CharactersIn(before.substr(before.rfind('\n') + 1)) + 1);
  if (json.find('\n') == json.npos) return column;
  return absl::StrCat("line ", std::count(before.begin(), before.end(), '\n') + 1, ", ", column);
}

// The one place of `part`; nothing when there are several.
std::optional<std::size_t> Find(std::string_view json, std::string_view part) {
  const std::size_t found = json.find(part);
  if (part.empty() || found == json.npos) return std::nullopt;
  return json.find(part, found + 1) == json.npos ? std::optional(found) : std::nullopt;
}

// To the end of its line, without the pieces of characters that were cut.
std::string_view RestOfLine(std::string_view text) {
  text = text.substr(0, text.find_first_of("\r\n"));
  return text.substr(0, internal::FindInvalidUtf8(text).value_or(text.size()));
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

std::string JsonErrorText(std::string_view json, std::string_view said) {
  if (said.starts_with(": ")) said.remove_prefix(2);  // Of no field in particular.
  const std::optional<Shown> shown = TakeApart(said);
  if (!shown.has_value()) return OneLine(said);
  std::string text = OneLine(shown->what);
  if (text.ends_with('.')) text.pop_back();
  const std::string_view rest = RestOfLine(shown->part.substr(shown->caret));
  if (shown->caret == shown->part.size()) return text + ", at the end";
  const std::optional<std::size_t> found = Find(json, shown->part);
  absl::StrAppend(&text, ", at ",
                  found.has_value() ? PositionText(json, *found + shown->caret) : "this place");
  return rest.empty() ? text : absl::StrCat(text, ": ", std::string(rest));
}

}  // namespace piperpc::cli
