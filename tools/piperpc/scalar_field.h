// One value, from its text, into a field.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// What a value of the field must be, for errors: "a whole number (int32) from … to …".
std::string WhatItTakes(const google::protobuf::FieldDescriptor& field);

// Sets `field` of `message` to what `text` says, or adds it when the field is repeated. The field's
// type is anything but a message. A usage error says what the type takes.
Outcome SetScalar(google::protobuf::Message& message,
                  const google::protobuf::FieldDescriptor& field, std::string_view text);

}  // namespace piperpc::cli
