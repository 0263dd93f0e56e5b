// What protobuf says of JSON that it cannot read, put for people.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::cli {

// `said` in one line. Of malformed JSON protobuf shows a part, and below it a caret where it could
// not go on; that becomes the line and the column, and what stands there:
//
//     Expected : between key:value pair, at line 2, column 9: "b"}
//
// The column counts characters, from 1; the line is left out where `json` has one only. Where the
// shown part is in `json` more than once, only what stands there is told.
std::string JsonErrorText(std::string_view json, std::string_view said);

}  // namespace piperpc::cli
