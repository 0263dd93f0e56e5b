// Ids of calls: used again, falling, of calls that were never begun or have ended.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

struct Kind {
  const char* name;
  FrameKind kind;
};

constexpr Kind kOfACall[] = {
    {"Message", FrameKind::kMessage},
    {"HalfClose", FrameKind::kHalfClose},
    {"Cancel", FrameKind::kCancel},
    {"Credit", FrameKind::kCredit},
};

// Frames of calls that are not open.
void AddFramesOfNoCall(ServerCases& cases) {
  for (const auto& [name, kind] : kOfACall) {
    const std::string frame = name;
    const auto of = [kind = kind](std::uint64_t id) {
      return Encode({.kind = kind, .call_id = id});
    };
    const Expectation error = ProtocolError("never begun");
    ServerCases more = {
        {.name = frame + "OfCallZero", .packets = {of(0)}, .expected = {error}},
        {.name = frame + "OfCallZeroAfterACall",
         .before = Before::kAnswered,
         .packets = {of(0)},
         .expected = {error}},
        {.name = frame + "OfTheNextCall",
         .before = Before::kAnswered,
         .packets = {of(2)},
         .expected = {error}},
        {.name = frame + "OfCall64Bits", .packets = {of(kMost)}, .expected = {error}},
        {.name = frame + "OfACallBegunBehindIt",
         .packets = {of(1) + Request(1, kEcho)},
         .expected = {error}},
        {.name = frame + "OfACallThatHasEnded", .before = Before::kAnswered, .packets = {of(1)}},
        {.name = frame + "OfACallThatWasSkipped",
         .packets = {Request(9, kEcho, "r"), of(5)},
         .expected = {Replies(9, "r")}},
        {.name = frame + "OfACallThatWasRefused",
         .packets = {Request(1, "no.such/Method"), of(1)},
         .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "no method")}},
    };
    cases.insert(cases.end(), more.begin(), more.end());
  }
}

std::string Rest(std::uint64_t id) { return LastPart(FrameKind::kRequest, id, "rest"); }

ServerCases Requests() {
  const Expectation falls = ProtocolError("is not above the last one");
  const FrameHeader zero{.kind = FrameKind::kRequest, .method = kEcho};
  return {
      {.name = "RequestOfCallZero", .packets = {Request(0, kEcho)}, .expected = {falls}},
      {.name = "RequestOfCallZeroThatStreams", .packets = {Encode(zero)}, .expected = {falls}},
      {.name = "RestOfCallZero", .packets = {Rest(0)}, .expected = {falls}},
      {.name = "RequestOfCallZeroAfterACall",
       .before = Before::kAnswered,
       .packets = {Request(0, kEcho)},
       .expected = {falls}},
      {.name = "IdUsedAgain",
       .packets = {Request(5, kEcho), Request(5, kEcho)},
       .expected = {Replies(5, ""), falls}},
      {.name = "IdUsedAgainInOnePacket",
       .packets = {Request(5, kEcho) + Request(5, kEcho)},
       .expected = {falls}},
      {.name = "IdThatFalls",
       .packets = {Request(5, kEcho), Request(4, kEcho)},
       .expected = {Replies(5, ""), falls}},
      {.name = "IdThatFallsBehindARefusedCall",
       .packets = {Request(5, "no.such/Method") + Request(4, kEcho)},
       .expected = {falls}},
      {.name = "IdOfAnOpenStream",
       .before = Before::kStream,
       .packets = {Request(1, kEcho)},
       .expected = {falls}},
      {.name = "IdOfARequestThatIsNotWhole",
       .before = Before::kInRequest,
       .packets = {Request(1, kEcho, "half")},
       .expected = {falls}},
      {.name = "IdOfACallThatIsServed",
       .before = Before::kServed,
       .packets = {Request(1, kEcho)},
       .expected = {falls}},
      {.name = "IdAfterTheLargest",
       .packets = {Request(kMost, kEcho) + Request(1, kEcho)},
       .expected = {falls}},
      {.name = "IdsWithGaps",
       .packets = {Request(7, kEcho, "a"), Request(1000, kEcho, "b"),
                   Request(std::uint64_t{1} << 63, kEcho, "c")},
       .expected = {Replies(7, "a"), Replies(1000, "b"), Replies(std::uint64_t{1} << 63, "c")}},
      {.name = "RestOfACallThatHasEnded", .before = Before::kAnswered, .packets = {Rest(1)}},
      {.name = "RestOfACallThatWasRefused",
       .packets = {Request(1, "no.such/Method"), Rest(1)},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "no method")}},
      {.name = "RestOfACallThatWasSkipped",
       .packets = {Request(9, kEcho, "r"), Rest(5)},
       .expected = {Replies(9, "r")}},
      {.name = "RestOfTheNextCall",  // It is the first frame of one, and names no method.
       .before = Before::kAnswered,
       .packets = {Rest(2)},
       .expected = {Refuses(2, absl::StatusCode::kUnimplemented, "no method")}},
      {.name = "RestOfACallThatIsServed",
       .before = Before::kServed,
       .packets = {Rest(1)},
       .expected = {ProtocolError("after its last one")}},
      {.name = "IdOnAPing",
       .packets = {Encode({.kind = FrameKind::kPing, .call_id = 12345}, "p")},
       .expected = {Pongs("p")}},
  };
}

}  // namespace

ServerCases Ids() {
  ServerCases cases = Requests();
  AddFramesOfNoCall(cases);
  return cases;
}

}  // namespace piperpc::conformance
