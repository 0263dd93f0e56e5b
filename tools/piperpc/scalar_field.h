// One value, from its text, into a field.
#pragma once

#include <string_view>

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Sets `field` of `message` to what `text` says, or adds it when the field is repeated. The field's
// type is anything but a message. A usage error says what the type takes.
Outcome SetScalar(google::protobuf::Message& message,
                  const google::protobuf::FieldDescriptor& field, std::string_view text);

}  // namespace piperpc::cli
