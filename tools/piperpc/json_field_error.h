// What protobuf says of a field in JSON, told as this program tells it of field=value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"

namespace piperpc::cli {

// `said`: what protobuf has against JSON for a message of `type`. Nothing: it is not about a field
// that is unknown, or holds what it cannot, or protobuf words that in another way than 3.21 does.
std::optional<std::string> JsonFieldErrorText(const google::protobuf::Descriptor& type,
                                              std::string_view said);

}  // namespace piperpc::cli
