// The one reply of a call, and the ends of all: statuses, trailers, sizes that lie.
#include <utility>

#include "conformance/client_case.h"

namespace piperpc::conformance {
namespace {

using absl::StatusCode;

constexpr std::uint64_t kMost = ~std::uint64_t{0};
constexpr std::uint64_t kEight = 8;

std::string First(std::uint64_t size, std::string_view payload) {
  return Part(FrameKind::kResponse, kCall, size, payload);
}
std::string Next(std::string_view payload, std::uint64_t size = 0) {
  return Part(FrameKind::kResponse, kCall, size, payload);
}
std::string Last(std::string_view payload) {
  return LastPart(FrameKind::kResponse, kCall, payload);
}
std::string Sized(std::uint64_t size, std::string_view payload) {
  return Encode({.kind = FrameKind::kResponse, .call_id = kCall, .message_size = size}, payload);
}

// A RESPONSE with this status, whatever it holds.
std::string Ends(std::string_view status, std::string_view payload = {}) {
  FrameHeader header{.kind = FrameKind::kResponse, .call_id = kCall};
  header.status = status;
  header.has_status = true;
  return Encode(header, payload);
}

std::string Coded(std::uint64_t code, std::string_view text = "why") {
  return VarintField(1, code) + BytesField(2, text);
}

std::string WithTrailers(std::string_view fields) {
  FrameHeader header{.kind = FrameKind::kResponse, .call_id = kCall};
  header.metadata = fields;
  return Encode(header, "r");
}

ClientCase Ended(std::string name, std::string status, StatusCode code, std::string text) {
  return {.name = std::move(name),
          .forms = kAllForms,
          .packets = {Ends(status)},
          .end = {.code = code, .text = std::move(text)}};
}

ClientCase Answered(std::string name, std::vector<std::string> packets, std::string reply) {
  return {.name = std::move(name),
          .forms = kOneReply,
          .packets = std::move(packets),
          .end = {.replies = {std::move(reply)}}};
}

void AddStatuses(ClientCases& cases) {
  for (int code = 1; code <= 16; ++code) {
    cases.push_back(Ended("StatusOfCode" + std::to_string(code), Coded(code),
                          static_cast<StatusCode>(code), "why"));
  }
  for (const std::uint64_t code :
       {std::uint64_t{17}, std::uint64_t{1} << 31, std::uint64_t{1} << 32, kMost}) {
    cases.push_back(
        Ended("StatusOfCode" + std::to_string(code), Coded(code), StatusCode::kUnknown, "why"));
  }
  const std::string question(3, '?');
  cases.push_back(Ended("StatusOfATextThatIsNotUtf8", Coded(5, "\xff\xfe\xfd!"),
                        StatusCode::kNotFound, question + "!"));
  cases.push_back(Ended("StatusOfALongText", Coded(5, std::string(16'000, 't')),
                        StatusCode::kNotFound, std::string(16'000, 't')));
  cases.push_back(Ended("StatusOfManyDetails", Coded(5) + Repeat(BytesField(3, ""), 5000),
                        StatusCode::kNotFound, "why"));
  cases.push_back(Ended("StatusWithUnknownFields", Coded(5) + BytesField(77, "new"),
                        StatusCode::kNotFound, "why"));
  cases.push_back(
      Ended("StatusOfTwoCodes", VarintField(1, 3) + Coded(5), StatusCode::kNotFound, "why"));
  cases.push_back(Ended("StatusBeforeAPayload", Coded(5), StatusCode::kNotFound, "why"));
  cases.back().packets = {Ends(Coded(5), "ignored")};
  cases.push_back(Answered("StatusOfCode0", {Ends(Coded(0), "r")}, "r"));
  cases.push_back(Answered("StatusOfNothing", {Ends("", "r")}, "r"));
}

void AddNoStatuses(ClientCases& cases) {
  const std::pair<const char*, std::string> statuses[] = {
      {"StatusOfGarbage", Hex("ffffff")},
      {"StatusCutOff", Hex("080d 12 05 78")},
      {"StatusWithAGroup", Hex("080d 3b 3c")},
      {"StatusOfADetailThatIsNone", Hex("080d 1a 02 0a05")},
  };
  for (const auto& [name, status] : statuses) {
    cases.push_back(Violation(name, Ends(status), "Status"));
  }
}

void AddSizes(ClientCases& cases) {
  const std::pair<const char*, std::string> lies[] = {
      {"OneByteMoreThanAnnounced", First(kEight, "half") + Last("half!")},
      {"OneByteLessThanAnnounced", First(kEight, "half") + Last("hal")},
      {"MoreBehindAllThatWasAnnounced", First(kEight, "half") + Next("half")},
      {"MoreWithoutASize", First(0, "half")},
      {"MoreThoughTheFirstFrameHasAll", First(4, "half")},
      {"EmptyFirstFrame", First(kEight, "")},
      {"EmptyFrameInTheMiddle", First(kEight, "half") + Next("")},
      {"EmptyLastFrame", First(kEight, "half") + Last("")},
      {"AnotherSizeLater", First(kEight, "half") + Next("ha", 9)},
      {"SizeOfOneFrameTooSmall", Sized(3, "half")},
      {"SizeOfOneFrameTooLarge", Sized(5, "half")},
      {"SizeOfOneFrameOf64Bits", Sized(kMost, "half")},
  };
  for (const auto& [name, packet] : lies) {
    cases.push_back(Violation(name, packet, "bytes", kOneReply));
  }
  for (const std::uint64_t size : {std::uint64_t{kMaxReply + 1}, std::uint64_t{1} << 31, kMost}) {
    cases.push_back({.name = "SizeOf" + std::to_string(size),
                     .forms = kOneReply,
                     .packets = {First(size, "begin"), Next("more"), Last("rest")},
                     .end = {.code = StatusCode::kResourceExhausted, .text = std::to_string(size)},
                     .then = Then::kCancels});
  }
  cases.push_back(Answered("BytesOneByOne",
                           {First(kEight, "1"), Next("2"), Next("3") + Next("4"), Next("5"),
                            Next("6"), Next("7") + Last("8")},
                           "12345678"));
  cases.push_back(Answered("TheSameSizeLater",
                           {First(kEight, "half"), Next("re", kEight), Last("st")}, "halfrest"));
  cases.push_back(Answered("SizeOfOneFrameThatIsRight", {Sized(4, "half")}, "half"));
  cases.push_back(Answered("CreditWithinAReply",
                           {First(kEight, "half"), Credit(kCall, 5), Last("rest")}, "halfrest"));
  cases.push_back({.name = "StatusWithinAReply",
                   .forms = kOneReply,
                   .packets = {First(kEight, "half"), Ends(Coded(5))},
                   .end = {.code = StatusCode::kNotFound, .text = "why"}});
}

std::string Entry(std::string_view key, std::string_view value) {
  return BytesField(kMetadata, BytesField(1, key) + BytesField(2, value));
}

void AddTrailers(ClientCases& cases) {
  cases.push_back(Answered("Trailers", {WithTrailers(Entry("k", "v"))}, "r"));
  cases.push_back(
      Answered("TrailersOfTheLimit", {WithTrailers(Entry("k", std::string(8179, 'v')))}, "r"));
  cases.push_back({.name = "TrailersAboveTheLimit",
                   .forms = kOneReply,
                   .packets = {WithTrailers(Entry("k", std::string(8200, 'v')))},
                   .end = {.code = StatusCode::kResourceExhausted, .text = "limit is 8192"}});
  const std::pair<const char*, const char*> none[] = {{"TrailersOfGarbage", "ffffff"},
                                                      {"TrailersCutOff", "0a 05 6162"},
                                                      {"TrailersWithAGroup", "4b 4c"}};
  for (const auto& [name, digits] : none) {
    cases.push_back(
        Violation(name, WithTrailers(BytesField(kMetadata, Hex(digits))), "MetadataEntry"));
  }
}

void AddWrongTypes(ClientCases& cases) {
  const End streams{.code = StatusCode::kInvalidArgument, .text = "streams its replies"};
  cases.push_back({.name = "MessageInPlaceOfAReply",
                   .forms = kOneReply,
                   .packets = {Message(kCall, "m")},
                   .end = streams,
                   .then = Then::kCancels});
  cases.push_back({.name = "PartOfAMessageInPlaceOfAReply",
                   .forms = kOneReply,
                   .packets = {Part(FrameKind::kMessage, kCall, 8, "half")},
                   .end = streams,
                   .then = Then::kCancels});
  cases.push_back({.name = "MessagesInPlaceOfAReply",
                   .forms = kOneReply,
                   .packets = {Repeat(Message(kCall, "m"), 100) + Response(kCall)},
                   .end = streams,
                   .then = Then::kCancels});
}

// Of a call that has ended, with which nothing happens any more.
void AddLateFrames(ClientCases& cases) {
  const std::pair<const char*, std::string> frames[] = {
      {"SecondResponse", Response(kCall, "again")},
      {"SecondResponseWithAStatus", Ends(Coded(5))},
      {"MessageOfACallThatHasEnded", Message(kCall, "late")},
      {"CreditOfACallThatHasEnded", Credit(kCall, kMost)},
      {"PartsOfACallThatHasEnded", First(kEight, "half") + Last("x")},
      {"ManyResponsesOfACallThatHasEnded", Repeat(Response(kCall, "again"), 3000)},
  };
  for (const auto& [name, frame] : frames) {
    cases.push_back({.name = name,
                     .forms = kOneReply,
                     .packets = {frame, Response(kSecondCall, "fine")},
                     .end = {.replies = {"fine"}},
                     .stage = Stage::kSecond});
  }
}

}  // namespace

ClientCases RepliesOfServer() {
  ClientCases cases;
  AddStatuses(cases);
  AddNoStatuses(cases);
  AddSizes(cases);
  AddTrailers(cases);
  AddWrongTypes(cases);
  AddLateFrames(cases);
  return cases;
}

}  // namespace piperpc::conformance
