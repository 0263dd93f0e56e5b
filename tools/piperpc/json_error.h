// Makes protobuf's errors about malformed JSON readable.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::cli {

// Returns protobuf's error `said` as one line. Protobuf shows a part of the JSON with a caret below
// it; this shows the line, the column, and the text at that position:
//
//     Expected : between key:value pair, at line 2, column 9: "b"}
//
// The column counts characters from 1; the line is omitted when `json` has only one. When the part
// is in `json` more than once, the position is unknown, and only the text is shown.
std::string JsonErrorText(std::string_view json, std::string_view said);

}  // namespace piperpc::cli
