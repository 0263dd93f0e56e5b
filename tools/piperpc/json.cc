#include "tools/piperpc/json.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "piperpc/internal/nesting.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json_error.h"
#include "tools/piperpc/json_field_error.h"
#include "tools/piperpc/nesting.h"
#include "tools/shared/json_text.h"

namespace piperpc::cli {

namespace util = google::protobuf::util;

namespace {

// The most levels that protobuf's printer of JSON goes into, and its parser.
constexpr int kMaxPrintedLevels = 64;
constexpr int kMaxJsonLevels = 100;

// What a parser of JSON that takes kMaxJsonLevels can make of them: an object in a Struct is three.
constexpr int kMaxLevelsOfJson = 4 * kMaxJsonLevels;

constexpr char kUrlPrefix[] = "type.googleapis.com";

// The levels of objects and arrays.
int JsonLevels(std::string_view json) {
  int levels = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++levels);
    } else if (c == '}' || c == ']') {
      --levels;
    }
  }
  return deepest;
}

// protobuf makes bytes of JSON first, and a message of those; it does not say why it refuses them.
Outcome CheckLevelsOfJson(std::string_view json, const google::protobuf::Descriptor& type) {
  if (const int levels = JsonLevels(json); levels > kMaxJsonLevels) {
    return UsageError(absl::StrCat("the JSON nests ", levels, " levels of objects and arrays; ",
                                   "the limit is ", kMaxJsonLevels));
  }
  const std::unique_ptr<util::TypeResolver> resolver(
      util::NewTypeResolverForDescriptorPool(kUrlPrefix, type.file()->pool()));
  std::string bytes;
  const auto made =
      util::JsonToBinaryString(resolver.get(), absl::StrCat(kUrlPrefix, "/", type.full_name()),
                               {json.data(), json.size()}, &bytes);
  if (!made.ok()) return Outcome();
  return CheckLevels(internal::LevelsOf(bytes, &type, kMaxLevelsOfJson));
}

}  // namespace

OutcomeOr<std::string> ToJson(const google::protobuf::Message& message, JsonStyle style) {
  util::JsonPrintOptions options;
  options.add_whitespace = style == JsonStyle::kPretty;
  std::string text;
  const auto status = util::MessageToJsonString(message, &text, options);
  if (!status.ok()) {
    const int levels = LevelsOf(message);
    return absl::InternalError(absl::StrCat(
        message.GetTypeName(), " cannot be shown as JSON: ", std::string(status.message()),
        levels <= kMaxPrintedLevels
            ? ""
            : absl::StrCat("; it nests ", levels, " levels of messages, and protobuf shows ",
                           "at most ", kMaxPrintedLevels)));
  }
  while (text.ends_with('\n')) text.pop_back();
  if (text.empty()) text = "null";  // A google.protobuf.Value that holds nothing.
  return tools::EscapeJson(std::move(text));
}

Outcome FromJson(std::string_view json, google::protobuf::Message& message) {
  const Outcome checked = CheckUtf8("the JSON", json);
  if (!checked.ok()) return checked;
  const auto status =
      util::JsonStringToMessage({json.data(), json.size()}, &message, util::JsonParseOptions());
  if (status.ok()) return Outcome();
  const Outcome shallow = CheckLevelsOfJson(json, *message.GetDescriptor());
  if (!shallow.ok()) return shallow;
  const std::string said(status.message().data(), status.message().size());
  const std::optional<std::string> about_field = JsonFieldErrorText(*message.GetDescriptor(), said);
  return UsageError(absl::StrCat("the JSON is not a valid ", message.GetTypeName(), ": ",
                                 about_field.value_or(JsonErrorText(json, said))));
}

}  // namespace piperpc::cli
