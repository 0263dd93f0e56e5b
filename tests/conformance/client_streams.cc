// Streams of replies: sizes that lie, credit that was not given, and ends.
#include "conformance/client_case.h"

namespace piperpc::conformance {
namespace {

using absl::StatusCode;

constexpr std::uint64_t kEight = 8;

std::string First(std::uint64_t size, std::string_view payload) {
  return Part(FrameKind::kMessage, kCall, size, payload);
}
std::string Last(std::string_view payload) { return LastPart(FrameKind::kMessage, kCall, payload); }

ClientCase Streamed(std::string name, std::vector<std::string> packets,
                    std::vector<std::string> replies) {
  packets.push_back(Response(kCall));
  return {.name = std::move(name),
          .forms = kStreamed,
          .packets = std::move(packets),
          .end = {.replies = std::move(replies)}};
}

void AddLies(ClientCases& cases) {
  const std::pair<const char*, std::string> lies[] = {
      {"OneByteMoreThanAnnounced", First(kEight, "half") + Last("half!")},
      {"OneByteLessThanAnnounced", First(kEight, "half") + Last("hal")},
      {"MoreBehindAllThatWasAnnounced", First(kEight, "half") + First(0, "half")},
      {"MoreWithoutASize", First(0, "half")},
      {"MoreThoughTheFirstFrameHasAll", First(4, "half")},
      {"EmptyFirstFrame", First(kEight, "")},
      {"EmptyFrameInTheMiddle", First(kEight, "half") + First(0, "")},
      {"EmptyLastFrame", First(kEight, "half") + Last("")},
      {"ResponseWithinAMessage", First(kEight, "half") + Response(kCall)},
      {"ResponseWithAPayloadWithinAMessage", First(kEight, "half") + Response(kCall, "rest")},
      {"MessageWithinAResponse", Part(FrameKind::kResponse, kCall, kEight, "half") + Last("rest")},
  };
  for (const auto& [name, packet] : lies) cases.push_back(Violation(name, packet, "", kStreamed));
}

void AddLimits(ClientCases& cases) {
  for (const std::uint64_t size : {std::uint64_t{kMaxReply + 1}, ~std::uint64_t{0}}) {
    cases.push_back({.name = "SizeOf" + std::to_string(size),
                     .forms = kStreamed,
                     .packets = {First(size, "begin")},
                     .end = {.code = StatusCode::kResourceExhausted, .text = std::to_string(size)},
                     .then = Then::kCancels});
  }
}

// All in one packet, so nobody gives credit back meanwhile. Each message takes 32 bytes more.
void AddCredit(ClientCases& cases) {
  const std::string large(60'000, 'a');
  const std::string rest(kStreamCredit - 60'032 - 32, 'b');  // With it, none is left.
  const std::string less = rest.substr(1);
  const std::string all = Message(kCall, large) + Message(kCall, rest);
  const std::pair<const char*, std::string> overruns[] = {
      {"MessageWithoutCredit", all + Message(kCall, "m")},
      {"EmptyMessageWithoutCredit", all + Message(kCall, "")},
      {"FirstFrameOfAMessageWithoutCredit", all + First(kEight, "half")},
      {"MessagesBehindOneWithoutCredit", all + Repeat(Message(kCall, "m"), 1000)},
  };
  for (const auto& [name, packet] : overruns) {
    cases.push_back({.name = name,
                     .forms = kStreamed,
                     .packets = {packet},
                     .end = {.code = StatusCode::kResourceExhausted,
                             .text = "without credit",
                             .replies = {large, rest}},
                     .then = Then::kCancels});
  }
  cases.push_back(Streamed("MessageForTheLastByteOfTheCredit",
                           {Message(kCall, large) + Message(kCall, less) + Message(kCall, rest)},
                           {large, less, rest}));
}

void AddGood(ClientCases& cases) {
  const std::vector<std::string> empty(3000, "");
  cases.push_back(Streamed("NoMessages", {}, {}));
  cases.push_back(Streamed("EmptyMessages",
                           {Repeat(Message(kCall, ""), 1500), Repeat(Message(kCall, ""), 500)},
                           {empty.begin(), empty.begin() + 2000}));
  cases.push_back(Streamed("BytesOneByOne", {First(3, "1"), First(0, "2"), Last("3")}, {"123"}));
  cases.push_back(Streamed("CreditWithinAMessage",
                           {First(kEight, "half"), Credit(kCall, 5), Last("rest")}, {"halfrest"}));
  cases.push_back(Streamed(
      "MessageThatTakesMoreThanTheCredit",
      {Message(kCall, std::string(65'000, 'a')), Message(kCall, std::string(100'000, 'b'))},
      {std::string(65'000, 'a'), std::string(100'000, 'b')}));
  ClientCase status = Streamed("StatusWithinAMessage", {First(kEight, "half")}, {});
  FrameHeader end{.kind = FrameKind::kResponse, .call_id = kCall};
  end.status = "\x08\x05";
  end.has_status = true;
  status.packets.back() = Encode(end);
  status.end.code = StatusCode::kNotFound;
  cases.push_back(status);
  status.name = "StatusBehindMessages";
  status.packets.front() = Message(kCall, "a") + Message(kCall, "b");
  status.end.replies = {"a", "b"};
  cases.push_back(std::move(status));
}

void AddResponses(ClientCases& cases) {
  const End one{.code = StatusCode::kInvalidArgument, .text = "returns one reply"};
  cases.push_back({.name = "ReplyInPlaceOfAStream",
                   .forms = kStreamed,
                   .packets = {Response(kCall, "r")},
                   .end = one});
}

}  // namespace

ClientCases StreamsOfServer() {
  ClientCases cases;
  AddLies(cases);
  AddLimits(cases);
  AddCredit(cases);
  AddGood(cases);
  AddResponses(cases);
  return cases;
}

}  // namespace piperpc::conformance
