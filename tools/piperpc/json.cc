#include "tools/piperpc/json.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "tools/piperpc/failure.h"
#include "tools/shared/json_text.h"

namespace piperpc::cli {

namespace util = google::protobuf::util;

OutcomeOr<std::string> ToJson(const google::protobuf::Message& message, JsonStyle style) {
  util::JsonPrintOptions options;
  options.add_whitespace = style == JsonStyle::kPretty;
  std::string text;
  const auto status = util::MessageToJsonString(message, &text, options);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat(
        message.GetTypeName(), " cannot be shown as JSON: ", std::string(status.message())));
  }
  while (text.ends_with('\n')) text.pop_back();
  return tools::EscapeJson(std::move(text));
}

Outcome FromJson(std::string_view json, google::protobuf::Message& message) {
  const Outcome checked = CheckUtf8("the JSON", json);
  if (!checked.ok()) return checked;
  const auto status =
      util::JsonStringToMessage({json.data(), json.size()}, &message, util::JsonParseOptions());
  if (status.ok()) return Outcome();
  return UsageError(absl::StrCat("the JSON is not a valid ", message.GetTypeName(), ": ",
                                 std::string(status.message())));
}

}  // namespace piperpc::cli
