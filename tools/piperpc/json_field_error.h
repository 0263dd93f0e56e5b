// Words protobuf's errors about fields in JSON like those about field=value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"

namespace piperpc::cli {

// `said` is protobuf's error about JSON for a message of `type`. None when it is not about an
// unknown field or an invalid value, or when protobuf words it differently from version 3.21.
std::optional<std::string> JsonFieldErrorText(const google::protobuf::Descriptor& type,
                                              std::string_view said);

}  // namespace piperpc::cli
