// Frames that do not fit the state of their call, and those that do though they seem not to.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr absl::StatusCode kCancelled = absl::StatusCode::kCancelled;
constexpr absl::StatusCode kInvalidArgument = absl::StatusCode::kInvalidArgument;

std::string Rest(std::string_view payload) { return LastPart(FrameKind::kRequest, 1, payload); }

// Whatever still comes for a call that was cancelled.
std::string AllKindsFor(std::uint64_t id) {
  return Message(id, "late") + Part(FrameKind::kMessage, id, 8, "late") + HalfClose(id) +
         HalfClose(id) + Credit(id, 5) + Cancel(id) + LastPart(FrameKind::kRequest, id, "late");
}

ServerCases AfterTheEndOfRequests() {
  return {
      {.name = "MessageBehindTheOnlyRequest",
       .before = Before::kServed,
       .packets = {Message(1, "m")},
       .expected = {ProtocolError("after its last one")}},
      {.name = "HalfCloseBehindTheOnlyRequest",
       .before = Before::kServed,
       .packets = {HalfClose(1)},
       .expected = {ProtocolError("half-closed twice")}},
      {.name = "MessageBehindHalfClose",
       .packets = {Opening(1, kReadLate) + HalfClose(1), Message(1, "m")},
       .expected = {ProtocolError("after its last one")}},
      {.name = "PartBehindHalfClose",
       .packets = {Opening(1, kReadLate) + HalfClose(1), Part(FrameKind::kMessage, 1, 8, "half")},
       .expected = {ProtocolError("after its last one")}},
      {.name = "HalfCloseBehindHalfClose",
       .packets = {Opening(1, kReadLate) + HalfClose(1), HalfClose(1)},
       .expected = {ProtocolError("half-closed twice")}},
      {.name = "CreditBehindHalfClose",
       .packets = {Opening(1, kReadLate) + HalfClose(1) + Credit(1, 5) + Ping("seen")},
       .expected = {Pongs("seen"), LetsGo(), Replies(1, "0")}},
      {.name = "HalfCloseWithAPayload",
       .before = Before::kStream,
       .packets = {Encode({.kind = FrameKind::kHalfClose, .call_id = 1}, "ignored")},
       .expected = {Replies(1, "")}},
  };
}

ServerCases InTheMiddleOfAMessage() {
  return {
      {.name = "HalfCloseWithinAMessage",
       .before = Before::kInMessage,
       .packets = {HalfClose(1)},
       .expected = {ProtocolError("in the middle of a message")}},
      {.name = "RequestWithinAMessage",
       .before = Before::kInMessage,
       .packets = {Rest("half")},
       .expected = {ProtocolError("cannot carry a message")}},
      {.name = "RequestOfAnOpenStream",
       .before = Before::kStream,
       .packets = {Rest("half")},
       .expected = {ProtocolError("cannot carry a message")}},
      {.name = "MessageWithinARequest",
       .before = Before::kInRequest,
       .packets = {Message(1, "half")},
       .expected = {ProtocolError("cannot carry a message")}},
      {.name = "HalfCloseWithinARequest",
       .before = Before::kInRequest,
       .packets = {HalfClose(1)},
       .expected = {ProtocolError("in the middle of a message")}},
      {.name = "CreditWithinAMessage",
       .before = Before::kInMessage,
       .packets = {Credit(1, 5), Message(1, "rest"), HalfClose(1)},
       .expected = {Replies(1, "halfrest,")}},
      {.name = "CreditWithinARequest",
       .before = Before::kInRequest,
       .packets = {Credit(1, 5), Rest("rest")},
       .expected = {Replies(1, "halfrest")}},
      {.name = "OtherCallsWithinARequest",
       .before = Before::kInRequest,
       .packets = {Ping("p") + Request(2, kEcho, "other"), Rest("rest")},
       .expected = {Pongs("p"), Replies(2, "other"), Replies(1, "halfrest")}},
      {.name = "OtherCallsWithinAMessage",
       .before = Before::kInMessage,
       .packets = {Ping("p") + Request(2, kEcho, "other"), Message(1, "rest") + HalfClose(1)},
       .expected = {Pongs("p"), Replies(2, "other"), Replies(1, "halfrest,")}},
      {.name = "AnotherRequestInPartsWithinARequest",
       .before = Before::kInRequest,
       .packets = {RawFrame(HeaderOf({.kind = FrameKind::kRequest,
                                      .call_id = 2,
                                      .flags = wire::kEnd | wire::kMore,
                                      .method = kEcho,
                                      .message_size = 2}),
                            "a"),
                   Rest("rest"), LastPart(FrameKind::kRequest, 2, "b")},
       .expected = {Replies(1, "halfrest"), Replies(2, "ab")}},
  };
}

ServerCases Cancelled() {
  const Expectation end = Refuses(1, kCancelled, "cancelled");
  ServerCases cases = {
      {.name = "CancelOfACallThatIsServed",
       .before = Before::kServed,
       .packets = {Cancel(1)},
       .expected = {end}},
      {.name = "CancelOfAStream",
       .before = Before::kStream,
       .packets = {Cancel(1)},
       .expected = {end}},
      {.name = "CancelWithinAMessage",
       .before = Before::kInMessage,
       .packets = {Cancel(1)},
       .expected = {end}},
      {.name = "CancelWithinARequest",
       .before = Before::kInRequest,
       .packets = {Cancel(1)},
       .expected = {end}},
      {.name = "CancelWithAPayload",
       .before = Before::kServed,
       .packets = {Encode({.kind = FrameKind::kCancel, .call_id = 1}, "ignored")},
       .expected = {end}},
      {.name = "CancelInThePacketOfItsRequest",
       .packets = {Request(1, kWait) + Cancel(1)},
       .expected = {end}},
      {.name = "RestOfTheRequestBehindCancel",
       .before = Before::kInRequest,
       .packets = {Cancel(1), Part(FrameKind::kRequest, 1, 0, "re"), Rest("st")},
       .expected = {end}},
      {.name = "RestOfTheMessageBehindCancel",
       .before = Before::kInMessage,
       .packets = {Cancel(1), Message(1, "rest"), Message(1, "next"), HalfClose(1)},
       .expected = {end}},
      {.name = "AllKindsBehindCancelInOnePacket",
       .before = Before::kServed,
       .packets = {Cancel(1) + AllKindsFor(1)},
       .expected = {end}},
  };
  // Its handler goes on, so the call is still known.
  cases.push_back({.name = "AllKindsBehindCancelOfAHandlerThatGoesOn",
                   .packets = {Opening(1, kReadLate) + Cancel(1) + AllKindsFor(1) + Ping("seen")},
                   .expected = {Pongs("seen"), LetsGo(), end}});
  return cases;
}

ServerCases MethodTypes() {
  FrameHeader more{
      .kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kMore, .method = kConcat};
  more.message_size = 8;
  return {
      {.name = "PayloadOfARequestWithoutEnd",
       .packets = {Encode({.kind = FrameKind::kRequest, .call_id = 1, .method = kConcat}, "early")},
       .expected = {ProtocolError("no END flag")}},
      {.name = "PayloadOfARequestWithoutEndOfAnUnknownMethod",
       .packets = {Encode({.kind = FrameKind::kRequest, .call_id = 1, .method = "no.such/M"},
                          "early")},
       .expected = {ProtocolError("no END flag")}},
      {.name = "MoreOfARequestWithoutEnd",
       .packets = {Encode(more)},
       .expected = {ProtocolError("no END flag")}},
      {.name = "MoreAndPayloadOfARequestWithoutEnd",
       .packets = {Encode(more, "half")},
       .expected = {ProtocolError("no END flag")}},
      {.name = "StreamToAMethodOfOneRequest",
       .packets = {Opening(1, kEcho) + AllKindsFor(1)},
       .expected = {Refuses(1, kInvalidArgument, "takes one request")}},
      {.name = "OneRequestToAMethodOfAStream",
       .packets = {Request(1, kConcat, "m") + AllKindsFor(1)},
       .expected = {Refuses(1, kInvalidArgument, "takes a stream of requests")}},
      {.name = "SizeOfARequestWithoutEnd",
       .packets = {Encode({.kind = FrameKind::kRequest,
                           .call_id = 1,
                           .method = kConcat,
                           .message_size = 77}) +
                   Message(1, "m") + HalfClose(1)},
       .expected = {Replies(1, "m,")}},
      {.name = "UnknownMethod",
       .packets = {Request(1, "test.v1.Test/None") + AllKindsFor(1)},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "no method")}},
      {.name = "UnknownService",
       .packets = {Request(1, "no.such.Service/Echo")},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "")}},
      {.name = "MethodWithASlashInFront",
       .packets = {Request(1, "/test.v1.Test/Echo")},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "")}},
      {.name = "MethodWithoutASlash",
       .packets = {Request(1, "test.v1.Test.Echo")},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "")}},
      {.name = "MethodInOtherCase",
       .packets = {Request(1, "test.v1.test/echo")},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "")}},
      {.name = "MethodWithANulBehindIt",
       .packets = {Request(1, std::string_view("test.v1.Test/Echo\0", 18))},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "")}},
      {.name = "MethodThatIsNotUtf8",
       .packets = {Request(1, "\xc3\x28/x")},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "")}},
      {.name = "MethodOf1024Bytes",
       .packets = {Request(1, std::string(1024, 'm'))},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "")}},
      {.name = "EmptyMethodThatIsThere",
       .packets = {RawFrame(Hex("0802 1001 1802 2200"))},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "no method")}},
      {.name = "WrongSizeOfTheMessageToAnUnknownMethod",
       .packets = {Encode({.kind = FrameKind::kRequest,
                           .call_id = 1,
                           .flags = wire::kEnd,
                           .method = "no.such/M",
                           .message_size = 77})},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "no method")}},
      {.name = "StatusOfARequest",
       .packets = {Encode({.kind = FrameKind::kRequest,
                           .call_id = 1,
                           .flags = wire::kEnd,
                           .method = kEcho,
                           .status = "\xff\xff",
                           .has_status = true},
                          "served")},
       .expected = {Replies(1, "served")}},
      {.name = "EmptyMethod",
       .packets = {Request(1, "")},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "no method")}},
  };
}

}  // namespace

ServerCases States() {
  ServerCases cases;
  for (const ServerCases& more :
       {AfterTheEndOfRequests(), InTheMiddleOfAMessage(), Cancelled(), MethodTypes()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

}  // namespace piperpc::conformance
