#include "conformance/server_case.h"

#include <utility>

namespace piperpc::conformance {
namespace {

using What = Expectation::What;

constexpr std::pair<Before, const char*> kStates[] = {
    {Before::kHello, ""},
    {Before::kAnswered, "AfterACall"},
    {Before::kStream, "WithAnOpenStream"},
    {Before::kInMessage, "WithinAMessage"},
    {Before::kInRequest, "WithinARequest"},
    {Before::kServed, "WhileACallIsServed"},
};

ServerCase In(Before state, const std::string& name, ServerCase tested) {
  tested.before = state;
  tested.name += name;
  return tested;
}

}  // namespace

Expectation Closes(absl::StatusCode code, std::string_view text) {
  return {.what = What::kGoaway, .code = code, .text = std::string(text)};
}

Expectation ProtocolError(std::string_view text) {
  return Closes(absl::StatusCode::kInvalidArgument, text);
}

Expectation Ends() { return {.what = What::kEnd}; }

Expectation Replies(std::uint64_t call_id, std::string_view payload) {
  return {.what = What::kReply, .call_id = call_id, .text = std::string(payload)};
}

Expectation Refuses(std::uint64_t call_id, absl::StatusCode code, std::string_view text) {
  return {.what = What::kRefusal, .call_id = call_id, .code = code, .text = std::string(text)};
}

Expectation Sends(std::uint64_t call_id, std::string_view payload) {
  return {.what = What::kMessage, .call_id = call_id, .text = std::string(payload)};
}

Expectation Pongs(std::string_view payload) {
  return {.what = What::kPong, .text = std::string(payload)};
}

Expectation Greets() { return {.what = What::kHello}; }

Expectation LetsGo() { return {.what = What::kLetsGo}; }

ServerCases ErrorsOf(const std::vector<Damage>& damages) {
  ServerCases cases;
  for (const auto& [name, packet, text] : damages) {
    cases.push_back({.name = name, .packets = {packet}, .expected = {ProtocolError(text)}});
  }
  return cases;
}

ServerCases InEveryStateBehindHello(const ServerCases& cases) {
  ServerCases all;
  for (const ServerCase& each : cases) {
    for (const auto& [state, name] : kStates) all.push_back(In(state, name, each));
  }
  return all;
}

ServerCases InEveryState(const ServerCases& cases) {
  ServerCases all = InEveryStateBehindHello(cases);
  for (const ServerCase& each : cases) {
    all.push_back(In(Before::kNothing, "BeforeHello", each));
  }
  return all;
}

}  // namespace piperpc::conformance
