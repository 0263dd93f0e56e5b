// Messages in several frames, whose sizes are a lie: of the one request of a call, and of a stream.
#include "conformance/live_server.h"
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;
constexpr std::uint64_t kEight = 8;

// The frames of one message of call 1, by how it is sent.
struct Way {
  const char* name;
  FrameKind kind;
  const char* reply_end;  // Behind the message in the reply.
};

constexpr Way kWays[] = {
    {"OfARequest", FrameKind::kRequest, ""},
    {"OfAStream", FrameKind::kMessage, ","},
};

class Frames {
 public:
  explicit Frames(const Way& way) : way_(way) {}

  // The first frame, and what stands before it.
  std::string First(std::uint32_t flags, std::uint64_t size, std::string_view payload) const {
    FrameHeader header{.kind = way_.kind, .call_id = 1, .flags = flags};
    header.message_size = size;
    if (way_.kind == FrameKind::kMessage) return Opening(1, kConcat) + Encode(header, payload);
    header.flags |= wire::kEnd;
    header.method = kEcho;
    return Encode(header, payload);
  }
  std::string First(std::uint64_t size, std::string_view payload) const {
    return First(wire::kMore, size, payload);
  }
  std::string Only(std::uint64_t size, std::string_view payload) const {
    return First(0, size, payload);
  }
  std::string Next(std::string_view payload, std::uint64_t size = 0) const {
    return Part(way_.kind, 1, size, payload);
  }
  std::string Last(std::string_view payload) const { return LastPart(way_.kind, 1, payload); }

  // With fields that only a first frame has.
  std::string LastWith(FrameHeader fields, std::string_view payload) const {
    fields.kind = way_.kind;
    fields.call_id = 1;
    return Encode(fields, payload);
  }
  std::string End() const { return way_.kind == FrameKind::kMessage ? HalfClose(1) : Ping("end"); }

  // The reply to the message, with which the call ends.
  std::vector<Expectation> Reply(std::string_view message) const {
    const Expectation reply = Replies(1, std::string(message) + way_.reply_end);
    if (way_.kind == FrameKind::kMessage) return {reply};
    return {reply, Pongs("end")};
  }

 private:
  const Way& way_;
};

ServerCases Wrong(const Frames& frames) {
  const Expectation size = ProtocolError("announced with 8 bytes");
  const std::string half = frames.First(kEight, "half");
  return {
      {.name = "OneByteMoreThanAnnounced",
       .packets = {half, frames.Last("half!")},
       .expected = {size}},
      {.name = "OneByteLessThanAnnounced",
       .packets = {half, frames.Last("hal")},
       .expected = {size}},
      {.name = "MoreThanAnnouncedInTheMiddle",
       .packets = {half, frames.Next("half and more")},
       .expected = {size}},
      {.name = "MoreBehindAllThatWasAnnounced",
       .packets = {half, frames.Next("half")},
       .expected = {size}},
      {.name = "MoreWithoutASize",
       .packets = {frames.First(0, "half")},
       .expected = {ProtocolError("announced with 0 bytes")}},
      {.name = "MoreThoughTheFirstFrameHasAll",
       .packets = {frames.First(4, "half")},
       .expected = {ProtocolError("announced with 4 bytes")}},
      {.name = "MoreThoughTheFirstFrameHasMoreThanAll",
       .packets = {frames.First(3, "half")},
       .expected = {ProtocolError("announced with 3 bytes")}},
      {.name = "EmptyFirstFrame", .packets = {frames.First(kEight, "")}, .expected = {size}},
      {.name = "EmptyFirstFrameWithoutASize",
       .packets = {frames.First(0, "")},
       .expected = {ProtocolError("announced with 0 bytes")}},
      {.name = "EmptyFrameInTheMiddle",
       .packets = {half, frames.Next("")},
       .expected = {ProtocolError("without a payload")}},
      {.name = "EmptyLastFrame",
       .packets = {half, frames.Last("")},
       .expected = {ProtocolError("without a payload")}},
      {.name = "AnotherSizeLater",
       .packets = {half, frames.Next("ha", 9)},
       .expected = {ProtocolError("bytes has frames with")}},
      {.name = "SizeOfOneFrameTooSmall",
       .packets = {frames.Only(3, "half")},
       .expected = {ProtocolError("announced with 3 bytes")}},
      {.name = "SizeOfOneFrameTooLarge",
       .packets = {frames.Only(5, "half")},
       .expected = {ProtocolError("announced with 5 bytes")}},
      {.name = "SizeOfOneFrameOf64Bits",
       .packets = {frames.Only(~std::uint64_t{0}, "half")},
       .expected = {ProtocolError("announced with 18446744073709551615 bytes")}},
      {.name = "SizeOfAnEmptyMessage",
       .packets = {frames.Only(1, "")},
       .expected = {ProtocolError("announced with 1 bytes")}},
  };
}

ServerCase TooLarge(const Frames& frames, std::string name, std::uint64_t size) {
  return {
      .name = std::move(name),
      .packets = {frames.First(size, "begin"), frames.Next("more"), frames.Last("rest"),
                  frames.Next("and"), frames.Last("so on")},
      .expected = {Refuses(1, kExhausted, "the message has " + std::to_string(size) + " bytes")}};
}

ServerCases AboveTheLimit(const Frames& frames) {
  return {
      TooLarge(frames, "SizeAboveTheLimit", LiveServer::kMaxMessage + 1),
      TooLarge(frames, "SizeOf2GiB", std::uint64_t{1} << 31),
      TooLarge(frames, "SizeOf4GiB", std::uint64_t{1} << 32),
      TooLarge(frames, "SizeOf64Bits", ~std::uint64_t{0}),
      {.name = "SizeOfTheLimitOfWhichLittleComes",
       .packets = {frames.First(LiveServer::kMaxMessage, "begin")},
       .expected = {}},
      {.name = "TimeOver",
       .packets = {frames.First(kEight, "half")},
       .expected = {Refuses(1, absl::StatusCode::kDeadlineExceeded, "still incomplete 1000 ms")},
       .limit = [](ServerOptions& options) { options.message_timeout = std::chrono::seconds(1); }},
  };
}

ServerCases Unusual(const Frames& frames) {
  const std::string half = frames.First(kEight, "half");
  FrameHeader fields{.flags = wire::kEnd};
  fields.timeout_us = 1;
  fields.metadata = "\x32\x03\x0a\x01K";  // Of a key that is not allowed.
  fields.credit = 5;
  fields.message_size = kEight;
  return {
      {.name = "BytesOneByOne",
       .packets = {frames.First(kEight, "1"), frames.Next("2"), frames.Next("3") + frames.Next("4"),
                   frames.Next("5"), frames.Next("6"), frames.Next("7") + frames.Last("8"),
                   frames.End()},
       .expected = frames.Reply("12345678")},
      {.name = "AllFramesInOnePacket",
       .packets = {half + frames.Last("rest") + frames.End()},
       .expected = frames.Reply("halfrest")},
      {.name = "TheSameSizeLater",
       .packets = {half, frames.Next("re", kEight), frames.Last("st"), frames.End()},
       .expected = frames.Reply("halfrest")},
      {.name = "SizeOfOneFrameThatIsRight",
       .packets = {frames.Only(4, "half"), frames.End()},
       .expected = frames.Reply("half")},
      {.name = "EmptyMessage",
       .packets = {frames.Only(0, ""), frames.End()},
       .expected = frames.Reply("")},
      {.name = "FieldsOfAFirstFrameLater",
       .packets = {half, frames.LastWith(fields, "rest"), frames.End()},
       .expected = frames.Reply("halfrest")},
  };
}

// What is not whole holds memory, which other calls do not get.
ServerCases Budget() {
  const std::string part(100'000, 'p');
  const auto begin = [&](std::uint64_t id) {
    FrameHeader first{
        .kind = FrameKind::kRequest, .call_id = id, .flags = wire::kEnd | wire::kMore};
    first.method = kEcho;
    first.message_size = LiveServer::kMaxMessage;
    return Encode(first, part);
  };
  const Expectation no_room = Refuses(3, kExhausted, "cannot receive");
  return {
      {.name = "ThreeThatDoNotFitTogether",
       .packets = {begin(1), begin(2), begin(3)},
       .expected = {no_room}},
      {.name = "ThreeThatFitWhenOneIsCancelled",
       .packets = {begin(1), begin(2), Cancel(1), begin(3)},
       .expected = {Refuses(1, absl::StatusCode::kCancelled, "")}},
      {.name = "MessagesThatWaitForTheirHandler",
       .packets = {Opening(1, kReadLate), Message(1, part), Message(1, part), begin(3),
                   Ping("seen")},
       .expected = {no_room, Pongs("seen"), LetsGo()}},
  };
}

// A connection that goes on has the memory of its messages back as soon as they are done with: each
// of these takes nearly all there is.
ServerCases OneAfterTheOther() {
  const std::string third(80'000, 't');
  const std::string whole = Repeat(third, 3);
  const auto packets = [&](FrameHeader first) {
    first.flags |= wire::kMore;
    first.message_size = whole.size();
    return std::vector<std::string>{Encode(first, third), Part(first.kind, first.call_id, 0, third),
                                    LastPart(first.kind, first.call_id, third)};
  };
  ServerCase requests{.name = "LargeRequestsOneAfterTheOther", .packets = {}};
  ServerCase messages{.name = "LargeMessagesOneAfterTheOther", .packets = {Opening(1, kConcat)}};
  for (std::uint64_t id = 1; id <= 3; ++id) {
    FrameHeader first{.kind = FrameKind::kRequest, .call_id = id, .flags = wire::kEnd};
    first.method = kEcho;
    for (const std::string& packet : packets(first)) requests.packets.push_back(packet);
    requests.expected.push_back(Replies(id, whole));
    for (const std::string& packet : packets({.kind = FrameKind::kMessage, .call_id = 1})) {
      messages.packets.push_back(packet);
    }
  }
  messages.packets.push_back(HalfClose(1));
  messages.expected = {Replies(1, Repeat(whole + ",", 3))};
  return {requests, messages};
}

}  // namespace

ServerCases Messages() {
  ServerCases cases = Budget();
  for (const ServerCase& tested : OneAfterTheOther()) cases.push_back(tested);
  for (const Way& way : kWays) {
    const Frames frames(way);
    for (const ServerCases& table : {Wrong(frames), AboveTheLimit(frames), Unusual(frames)}) {
      for (ServerCase tested : table) {
        tested.name += way.name;
        cases.push_back(std::move(tested));
      }
    }
  }
  return cases;
}

}  // namespace piperpc::conformance
