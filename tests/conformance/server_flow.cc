// Credit, deadlines and pings.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;
constexpr absl::StatusCode kDeadline = absl::StatusCode::kDeadlineExceeded;
constexpr std::uint64_t kMost = ~std::uint64_t{0};

void LowCredit(ServerOptions& options) { options.stream_credit_bytes = 64 * 1024; }

std::vector<Expectation> Then(std::vector<Expectation> first,
                              const std::vector<Expectation>& next) {
  first.insert(first.end(), next.begin(), next.end());
  return first;
}

ServerCases CreditOfTheServer() {
  const std::string part(60'000, 'p');
  const std::string all = Opening(1, kReadLate) + Message(1, part);
  const std::vector<Expectation> refused = {Pongs("seen"), LetsGo(),
                                            Refuses(1, kExhausted, "without credit")};
  return {
      {.name = "MessageWithoutCredit",
       .packets = {all, Message(1, part), Message(1, ""), Ping("seen")},
       .expected = refused,
       .limit = LowCredit},
      {.name = "FirstFrameOfAMessageWithoutCredit",
       .packets = {all, Message(1, part), Part(FrameKind::kMessage, 1, 60'000, "p"), Ping("seen")},
       .expected = refused,
       .limit = LowCredit},
      {.name = "WhatComesBehindAMessageWithoutCredit",
       .packets = {all, Message(1, part), Message(1, ""), Message(1, part), HalfClose(1),
                   HalfClose(1), Ping("seen")},
       .expected = refused,
       .limit = LowCredit},
      {.name = "EmptyMessagesWithoutCredit",
       .packets = {Opening(1, kReadLate), Repeat(Message(1, ""), 2048), Message(1, ""),
                   Ping("seen")},
       .expected = refused,
       .limit = LowCredit},
      {.name = "MessageAboveTheLastOfTheCredit",
       .packets = {all, Message(1, part) + HalfClose(1) + Ping("seen")},
       .expected = {Pongs("seen"), LetsGo(), Replies(1, "120000")},
       .limit = LowCredit},
      {.name = "EmptyMessagesThatTakeAllTheCredit",
       .packets = {Opening(1, kReadLate), Repeat(Message(1, ""), 2048) + HalfClose(1),
                   Ping("seen")},
       .expected = {Pongs("seen"), LetsGo(), Replies(1, "0")},
       .limit = LowCredit},
  };
}

// It began with 65,536, of which each message takes 1,032.
ServerCases CreditOfTheClient() {
  const std::string message(1000, 'f');
  const std::vector<Expectation> messages(64, Sends(1, message));
  const std::string forever = Request(1, kForever);
  const Expectation cancelled = Refuses(1, absl::StatusCode::kCancelled, "");
  return {
      {.name = "NoneIsGiven", .packets = {forever}, .expected = messages},
      {.name = "CreditOfZero", .packets = {forever, Credit(1, 0)}, .expected = messages},
      {.name = "CreditWithoutItsField",
       .packets = {forever, RawFrame(Hex("0807 1001"), "ignored")},
       .expected = messages},
      {.name = "CreditThatLeavesNone", .packets = {forever, Credit(1, 512)}, .expected = messages},
      {.name = "CreditForOneByte",
       .packets = {forever, Credit(1, 513)},
       .expected = Then(messages, {Sends(1, message)})},
      {.name = "CreditByteByByte",
       .packets = {forever, Repeat(Credit(1, 1), 513)},
       .expected = Then(messages, {Sends(1, message)})},
      {.name = "CreditOfAnotherCall",
       .packets = {forever, Request(2, kWait) + Credit(2, 100'000)},
       .expected = messages},
      {.name = "CancelWithoutCredit",
       .packets = {forever, Cancel(1)},
       .expected = Then(messages, {cancelled})},
      {.name = "EndWithoutCredit",
       .packets = {Request(1, "test.v1.Test/Large", "70000")},
       .expected = {Sends(1, std::string(70'000, 'l')), Replies(1, "")}},
  };
}

// Where it cannot be counted, it is as good as no limit.
void AddHugeCredit(ServerCases& cases) {
  for (const std::uint64_t initial :
       {(std::uint64_t{1} << 63) - 1, std::uint64_t{1} << 63, kMost}) {
    const std::string hello = EncodedHello({.max_packet_bytes = 131'072,
                                            .max_message_bytes = 4'194'304,
                                            .max_metadata_bytes = 8192,
                                            .initial_credit = initial});
    cases.push_back({.name = "InitialCreditOf" + std::to_string(initial),
                     .before = Before::kNothing,
                     .packets = {hello + Request(1, kCount, "2")},
                     .expected = {Greets(), Sends(1, "0"), Sends(1, "1"), Replies(1, "")}});
    cases.push_back({.name = "CreditOf64BitsTwiceAbove" + std::to_string(initial),
                     .before = Before::kNothing,
                     .packets = {hello + Opening(1, "test.v1.Test/Chat") + Credit(1, kMost) +
                                 Credit(1, kMost) + Message(1, "a") + HalfClose(1)},
                     .expected = {Greets(), Sends(1, "re: a"), Replies(1, "")}});
  }
}

ServerCases CreditWithoutUse() {
  return {
      {.name = "CreditOfACallThatSendsNoMessages",
       .before = Before::kServed,
       .packets = {Credit(1, 5), Credit(1, kMost), Credit(1, kMost)}},
      {.name = "CreditOfAStreamOfRequests",
       .before = Before::kStream,
       .packets = {Credit(1, 0), Credit(1, kMost) + HalfClose(1)},
       .expected = {Replies(1, "")}},
  };
}

}  // namespace

ServerCases CreditCases() {
  ServerCases cases;
  AddHugeCredit(cases);
  for (const ServerCases& more : {CreditOfTheServer(), CreditOfTheClient(), CreditWithoutUse()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

namespace {

std::string Timed(std::uint64_t timeout, std::string_view method,
                  std::uint32_t flags = wire::kEnd) {
  FrameHeader header{.kind = FrameKind::kRequest, .call_id = 1, .flags = flags};
  header.method = method;
  header.timeout_us = timeout;
  return Encode(header);
}

std::string TimedPart(std::uint64_t timeout) {
  FrameHeader header{.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd | wire::kMore};
  header.method = kEcho;
  header.timeout_us = timeout;
  header.message_size = 8;
  return Encode(header, "half");
}

void AddNoLimits(ServerCases& cases) {
  const std::uint64_t most = std::uint64_t{1} << 50;
  for (const std::uint64_t timeout :
       {std::uint64_t{0}, most, most + 1, kMost / 2, std::uint64_t{1} << 63, kMost}) {
    const std::string name = "TimeoutOf" + std::to_string(timeout);
    const Expectation cancelled = Refuses(1, absl::StatusCode::kCancelled, "cancelled");
    cases.push_back(
        {.name = name, .packets = {Timed(timeout, kEcho)}, .expected = {Replies(1, "")}});
    cases.push_back({.name = name + "OfAHandlerThatWaits",
                     .packets = {Timed(timeout, kWait), Cancel(1)},
                     .expected = {cancelled}});
    cases.push_back({.name = name + "OfAStream",
                     .packets = {Timed(timeout, kConcat, 0), Message(1, "m") + HalfClose(1)},
                     .expected = {Replies(1, "m,")}});
    cases.push_back({.name = name + "OfARequestThatIsNotWhole",
                     .packets = {TimedPart(timeout), LastPart(FrameKind::kRequest, 1, "rest")},
                     .expected = {Replies(1, "halfrest")}});
  }
}

}  // namespace

ServerCases Deadlines() {
  const Expectation handling = Refuses(1, kDeadline, "while handling");
  ServerCases cases = {
      {.name = "OneMicrosecond", .packets = {Timed(1, kWait)}, .expected = {handling}},
      {.name = "OneMillisecond", .packets = {Timed(1000, kWait)}, .expected = {handling}},
      {.name = "OneMicrosecondOfAStream",
       .packets = {Timed(1, kConcat, 0)},
       .expected = {handling}},
      {.name = "OneMicrosecondOfARequestThatIsNotWhole",
       .packets = {TimedPart(1)},
       .expected = {Refuses(1, kDeadline, "while receiving the request")}},
      {.name = "OneMicrosecondOfAnUnknownMethod",
       .packets = {Timed(1, "no.such/Method")},
       .expected = {Refuses(1, absl::StatusCode::kUnimplemented, "no method")}},
      {.name = "OneMicrosecondOfAHandlerThatGoesOn",
       .packets = {Timed(1, kReadLate, 0), Ping("seen")},
       .expected = {Pongs("seen"), LetsGo(), handling}},
      {.name = "OneMicrosecondInALaterFrame",
       .before = Before::kInRequest,
       .packets = {Encode(
           {.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd, .timeout_us = 1},
           "rest")},
       .expected = {Replies(1, "halfrest")}},
      {.name = "OneMicrosecondOnAMessage",
       .before = Before::kInMessage,
       .packets = {Encode({.kind = FrameKind::kMessage, .call_id = 1, .timeout_us = 1}, "rest"),
                   HalfClose(1)},
       .expected = {Replies(1, "halfrest,")}},
  };
  AddNoLimits(cases);
  return cases;
}

ServerCases Pings() {
  ServerCases cases;
  for (const std::size_t size : {0, 1, 64}) {
    const std::string payload(size, '\xff');
    cases.push_back({.name = "PingOf" + std::to_string(size) + "Bytes",
                     .packets = {Ping(payload)},
                     .expected = {Pongs(payload)}});
  }
  for (const std::size_t size : {65, 1000, 100'000}) {
    const std::string text = "the ping has " + std::to_string(size) + " bytes; the limit is 64";
    cases.push_back({.name = "PingOf" + std::to_string(size) + "Bytes",
                     .packets = {Ping(std::string(size, 'p'))},
                     .expected = {ProtocolError(text)}});
  }
  cases = InEveryStateBehindHello(cases);
  cases.push_back(
      {.name = "FlagsOfAMessageOnAPing",
       .packets = {Encode({.kind = FrameKind::kPing, .flags = wire::kMore | wire::kEnd}, "p"),
                   Ping("q")},
       .expected = {Pongs("p"), Pongs("q")}});
  cases.push_back(
      {.name = "PingsInOnePacketWithCalls",
       .packets = {Ping("1") + Request(1, kEcho, "a") + Ping("2") + Request(2, kEcho, "b")},
       .expected = {Pongs("1"), Replies(1, "a"), Pongs("2"), Replies(2, "b")}});
  return cases;
}

}  // namespace piperpc::conformance
