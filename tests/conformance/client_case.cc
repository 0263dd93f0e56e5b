#include "conformance/client_case.h"

#include <utility>

#include "client/scripted_server.h"

namespace piperpc::conformance {

std::string ServerHello(std::string_view more_fields) {
  return Encode({.kind = FrameKind::kHello},
                wire::EncodeHello(ScriptedConnection::UsualHello()) + std::string(more_fields));
}

ClientCase Violation(std::string name, std::string packet, std::string_view text, Forms forms) {
  return {.name = std::move(name),
          .forms = std::move(forms),
          .packets = {std::move(packet)},
          .end = {.code = absl::StatusCode::kInternal, .text = std::string(text)},
          .then = Then::kLeaves};
}

ClientCase NoMatter(std::string name, std::vector<std::string> packets, Forms forms) {
  packets.push_back(Response(kCall, "fine"));
  return {.name = std::move(name),
          .forms = std::move(forms),
          .packets = std::move(packets),
          .end = {.replies = {"fine"}}};
}

}  // namespace piperpc::conformance
