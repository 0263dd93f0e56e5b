// Little that is sent, and much that would be done for it; and floods of what is well formed.
#include "conformance/live_server.h"
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;
constexpr std::uint64_t kMaxCalls = 100;  // Of a connection.

template <typename Make>
std::string ForIds(std::uint64_t first, std::uint64_t last, Make make) {
  std::string frames;
  for (std::uint64_t id = first; id <= last; ++id) frames += make(id);
  return frames;
}

template <typename Make>
std::vector<Expectation> ExpectForIds(std::uint64_t first, std::uint64_t last, Make make) {
  std::vector<Expectation> expected;
  for (std::uint64_t id = first; id <= last; ++id) expected.push_back(make(id));
  return expected;
}

std::string ClaimOf(std::uint64_t id) {
  FrameHeader first{.kind = FrameKind::kRequest, .call_id = id, .flags = wire::kEnd | wire::kMore};
  first.method = kEcho;
  first.message_size = LiveServer::kMaxMessage;
  return Encode(first, "x");
}

ServerCases ManyCalls() {
  const auto waits = [](std::uint64_t id) { return Request(id, kWait); };
  const auto streams = [](std::uint64_t id) { return Opening(id, kConcat); };
  const auto too_many = [](std::uint64_t id) {
    return Refuses(id, kExhausted, "calls are in flight");
  };
  const auto unknown = [](std::uint64_t id) {
    return Refuses(id, absl::StatusCode::kUnimplemented, "no method");
  };
  return {
      {.name = "CallsOfTheLimit", .packets = {ForIds(1, kMaxCalls, waits)}},
      {.name = "CallsAboveTheLimit",
       .packets = {ForIds(1, kMaxCalls, waits), ForIds(101, 400, waits)},
       .expected = ExpectForIds(101, 400, too_many)},
      {.name = "StreamsAboveTheLimit",
       .packets = {ForIds(1, kMaxCalls, streams), ForIds(101, 400, streams)},
       .expected = ExpectForIds(101, 400, too_many)},
      {.name = "CallsThatEndAtOnce",
       .packets = {ForIds(1, 1000, [](std::uint64_t id) { return Request(id, kEcho); })},
       .expected = ExpectForIds(1, 1000, [](std::uint64_t id) { return Replies(id, ""); })},
      {.name = "CallsOfUnknownMethods",
       .packets = {ForIds(1, 1000, [](std::uint64_t id) { return Request(id, "no.such/M"); })},
       .expected = ExpectForIds(1, 1000, unknown)},
      {.name = "CallsWithoutAMethod",
       .packets = {ForIds(1, 1000, [](std::uint64_t id) { return Request(id, ""); })},
       .expected = ExpectForIds(1, 1000, unknown)},
      {.name = "CallsThatAreCancelledAtOnce",
       .packets = {ForIds(1, 1000,
                          [](std::uint64_t id) { return Request(id, kWait) + Cancel(id); })},
       .expected = ExpectForIds(
           1, 1000,
           [](std::uint64_t id) { return Refuses(id, absl::StatusCode::kCancelled, ""); })},
      {.name = "StreamsThatAreCancelledAtOnce",
       .packets = {ForIds(1, 1000,
                          [](std::uint64_t id) { return Opening(id, kConcat) + Cancel(id); })},
       .expected = ExpectForIds(
           1, 1000,
           [](std::uint64_t id) { return Refuses(id, absl::StatusCode::kCancelled, ""); })},
  };
}

ServerCases Claims() {
  return {
      // None of them is given memory for what it has not sent.
      {.name = "SizesThatAreClaimed", .packets = {ForIds(1, kMaxCalls, ClaimOf)}},
      {.name = "SizesThatAreClaimedByStreams",
       .packets = {ForIds(1, kMaxCalls,
                          [](std::uint64_t id) {
                            return Opening(id, kConcat) +
                                   Part(FrameKind::kMessage, id, LiveServer::kMaxMessage, "x");
                          })}},
      {.name = "FieldsThatNobodyKnows",
       .packets = {RawFrame(HeaderOf({.kind = FrameKind::kPing}) + Repeat(Hex("5001"), 32'000),
                            "p")},
       .expected = {Pongs("p")}},
      {.name = "FieldsGivenOverAndOver",
       .packets = {RawFrame(HeaderOf({.kind = FrameKind::kPing}) + Repeat(Hex("1001"), 32'000),
                            "p")},
       .expected = {Pongs("p")}},
      {.name = "MethodsGivenOverAndOver",
       .packets = {RawFrame(HeaderOf({.kind = FrameKind::kPing}) +
                                Repeat(BytesField(kMethod, std::string(1000, 'm')), 60),
                            "p")},
       .expected = {Pongs("p")}},
  };
}

ServerCases Floods() {
  const std::string optional =
      Encode({.kind = static_cast<FrameKind>(99), .flags = wire::kOptional});
  const std::vector<std::string> cancels(10, Repeat(Cancel(1), 5000));
  const std::vector<std::string> credits(10, Repeat(Credit(1, 1), 5000));
  return {
      {.name = "FramesThatAreIgnored",
       .packets = std::vector<std::string>(10, Repeat(optional, 5000))},
      {.name = "Pongs", .packets = std::vector<std::string>(10, Repeat(Pong(), 5000))},
      {.name = "CancelsOfACallThatHasEnded", .before = Before::kAnswered, .packets = cancels},
      {.name = "CreditOfACallThatHasEnded", .before = Before::kAnswered, .packets = credits},
      {.name = "CreditOfACallThatIsServed", .before = Before::kServed, .packets = credits},
      {.name = "EmptyMessages",
       .packets = {Opening(1, kConcat), Repeat(Message(1, ""), 3000) + HalfClose(1)},
       .expected = {Replies(1, std::string(3000, ','))}},
      {.name = "GoawaysWhileACallIsServed",
       .before = Before::kServed,
       .packets = std::vector<std::string>(5, Repeat(Goaway(), 5000))},
  };
}

}  // namespace

ServerCases Bombs() {
  ServerCases cases;
  for (const ServerCases& more : {ManyCalls(), Claims(), Floods()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

}  // namespace piperpc::conformance
