// Requests as people type them: field=value.
#pragma once

#include <string_view>

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// True when `word` is written as an assignment: a field's name or path, and '='.
bool LooksLikeAssignment(std::string_view word);

// Does what `assignment` says, by the descriptor of `message`:
//
//     name=Ana                     a string; bytes are base64
//     count=3  ratio=0.5  on=true  numbers with their range, booleans
//     policy=SLOW_POLICY_BLOCK     an enum's value by name or by number
//     address.city=Porto           a field of a message inside
//     tag=a tag=b                  each adds one to a repeated field
//     labels.colour=red            an entry of a map
//     address={"city":"Porto"}     a message as JSON
//
// A usage error names the field, its type and what was wrong. A field that is not repeated may be
// set once.
Outcome Assign(std::string_view assignment, google::protobuf::Message& message);

}  // namespace piperpc::cli
