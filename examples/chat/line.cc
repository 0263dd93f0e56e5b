#include "line.h"

namespace chat {

std::string Line(const v1::ChatResponse& event) {
  switch (event.event_case()) {
    case v1::ChatResponse::kWelcome: {
      std::string line = "* here:";
      for (const std::string& name : event.welcome().names()) line += " " + name;
      return line;
    }
    case v1::ChatResponse::kJoined:
      return "* " + event.joined() + " joined";
    case v1::ChatResponse::kLeft:
      return "* " + event.left() + " left";
    case v1::ChatResponse::kSaid:
      return event.said().name() + ": " + event.said().text();
    case v1::ChatResponse::kMissed:
      return "* missed: " + std::to_string(event.missed());
    default:
      return "* something that this program is too old for";
  }
}

}  // namespace chat
