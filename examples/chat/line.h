// What happens in a room, for people.
#pragma once

#include <string>

#include "chat/v1/chat.pb.h"

namespace chat {

// Such as "ana: hello" or "* rui joined".
std::string Line(const v1::ChatResponse& event);

}  // namespace chat
