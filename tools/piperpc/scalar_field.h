// Sets a field from text.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// What a value of the field must be, for errors, such as "a whole number (int32) from … to …".
std::string WhatItTakes(const google::protobuf::FieldDescriptor& field);

// Sets `field` of `message` to the value in `text`, or adds it when the field is repeated. The
// field must not be a message. A usage error when the text is not valid for the type; it says what
// is.
Outcome SetScalar(google::protobuf::Message& message,
                  const google::protobuf::FieldDescriptor& field, std::string_view text);

}  // namespace piperpc::cli
