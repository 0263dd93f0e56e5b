// How a server goes away, floods its client, or says nothing more.
#include "conformance/client_case.h"

namespace piperpc::conformance {
namespace {

using absl::StatusCode;

constexpr std::uint64_t kMost = ~std::uint64_t{0};
constexpr int kAttempts = 5;  // So often a call is made that no server has looked at.
constexpr std::chrono::milliseconds kShort{400};

std::string Orderly(std::uint64_t last) { return GoawayWith(absl::OkStatus(), last); }

ClientCase MadeAgain(std::string name, std::vector<std::string> packets) {
  return {.name = std::move(name),
          .forms = kOneReply,
          .packets = std::move(packets),
          .end = {.replies = {"elsewhere"}},
          .then = Then::kElsewhere};
}

// What a call ends with that a goaway cuts off.
StatusCode CodeForCall(StatusCode said) {
  // A violation that the server saw must be a fault of the client.
  if (said == StatusCode::kInvalidArgument) return StatusCode::kInternal;
  // The time of the connection was over, not that of the call.
  if (said == StatusCode::kDeadlineExceeded) return StatusCode::kUnavailable;
  return said;
}

void AddStatuses(ClientCases& cases) {
  for (int code = 1; code <= 16; ++code) {
    const auto said = static_cast<StatusCode>(code);
    const std::string name = "GoawayOfCode" + std::to_string(code);
    cases.push_back({.name = name,
                     .forms = {Form::kBlocking, Form::kReader},
                     .packets = {GoawayWith(absl::Status(said, "why"), kCall)},
                     .end = {.code = CodeForCall(said), .text = "why"},
                     .then = Then::kCloses});
    cases.push_back(MadeAgain(name + "BelowTheCall", {GoawayWith(absl::Status(said, "why"), 0)}));
  }
}

}  // namespace

ClientCases GoawaysOfServer() {
  ClientCases cases;
  AddStatuses(cases);
  const std::string refused = GoawayWith(absl::ResourceExhaustedError("why"), kCall);
  const End why{.code = StatusCode::kResourceExhausted, .text = "why"};
  cases.push_back(MadeAgain("GoawayBelowTheCall", {Orderly(0)}));
  cases.push_back(
      MadeAgain("GoawayThatComesDownBelowTheCall", {Orderly(kMost) + Orderly(kCall) + Orderly(0)}));
  cases.push_back(
      MadeAgain("ResponseBehindAGoawayBelowTheCall", {Orderly(0) + Response(kCall, "late")}));
  for (const std::uint64_t last : {kCall, kMost}) {
    ClientCase tested = NoMatter("GoawayOfLastCall" + std::to_string(last), {Orderly(last)});
    tested.then = Then::kCloses;
    cases.push_back(std::move(tested));
  }
  cases.push_back({.name = "ResponseAheadOfAGoawayWithAStatus",
                   .forms = kOneReply,
                   .packets = {Response(kCall, "ahead") + refused},
                   .end = {.replies = {"ahead"}},
                   .then = Then::kCloses});
  cases.push_back({.name = "ResponseBehindAGoawayWithAStatus",
                   .forms = kOneReply,
                   .packets = {refused + Response(kCall, "behind")},
                   .end = why,
                   .then = Then::kCloses});
  cases.push_back({.name = "DamageBehindAGoawayWithAStatus",
                   .forms = kOneReply,
                   .packets = {refused + "damage"},
                   .end = why,
                   .then = Then::kCloses});
  cases.push_back({.name = "GoawayOfEveryConnection",
                   .forms = kAllForms,
                   .packets = {Orderly(0)},
                   .end = {.code = StatusCode::kUnavailable, .text = "going away"},
                   .then = Then::kCloses,
                   .connections = kAttempts});
  cases.push_back({.name = "GoawayOfAnUnknownCode",
                   .forms = kOneReply,
                   .packets = {Goaway(BytesField(1, VarintField(1, 17)) + VarintField(2, kCall))},
                   .end = {.code = StatusCode::kUnknown},
                   .then = Then::kCloses});
  return cases;
}

ClientCases FloodsOfServer() {
  const std::string optional =
      Encode({.kind = static_cast<FrameKind>(99), .flags = wire::kOptional}, "new");
  ClientCases cases = {
      NoMatter("Pongs", {Repeat(Pong("nobody asked"), 3000)}),
      NoMatter("PongsAbove64Bytes", {Repeat(Pong(std::string(65, 'p')), 500)}),
      NoMatter("Pings", {Repeat(Ping("p"), 900)}),
      NoMatter("UnknownKindsOptional", {Repeat(optional, 3000)}),
      NoMatter("CreditOfZero", {Repeat(Credit(kCall, 0), 3000)}),
      NoMatter("CreditOf64Bits", {Repeat(Credit(kCall, kMost), 3000)}),
      {.name = "PingsOfAServerThatDoesNotRead",
       .forms = {Form::kBlocking, Form::kCallback, Form::kReader},
       .packets = std::vector<std::string>(2000, Repeat(Ping(std::string(64, 'p')), 800)),
       .end = {.code = StatusCode::kInternal, .text = "pings unread"},
       .then = Then::kCloses},
  };
  ClientCase goaways =
      NoMatter("Goaways", {Repeat(Orderly(kCall), 3000), Repeat(Goaway(Hex("1001")), 3000)});
  goaways.then = Then::kCloses;
  cases.push_back(std::move(goaways));
  return cases;
}

ClientCases SilenceOfServer() {
  const End late{.code = StatusCode::kDeadlineExceeded, .text = "the deadline has passed"};
  const End lost{.code = StatusCode::kUnavailable, .text = "was lost"};
  const Forms some = {Form::kBlocking, Form::kCallback, Form::kReader};
  const std::string half_reply = Part(FrameKind::kResponse, kCall, 8, "half");
  const std::string half_message = Part(FrameKind::kMessage, kCall, 8, "half");
  ClientCases cases = {
      {.name = "NoHello",
       .forms = some,
       .packets = {},
       .end = late,
       .then = Then::kCancels,
       .stage = Stage::kConnected},
      {.name = "NoReply", .forms = some, .packets = {}, .end = late, .then = Then::kCancels},
      {.name = "HalfAReply",
       .forms = kOneReply,
       .packets = {half_reply},
       .end = late,
       .then = Then::kCancels},
      {.name = "HalfAMessage",
       .forms = {Form::kReader},
       .packets = {half_message},
       .end = late,
       .then = Then::kCancels},
      {.name = "PingsAndNoReply",
       .forms = {Form::kBlocking},
       .packets = {Repeat(Ping("p"), 100)},
       .end = late,
       .then = Then::kCancels},
      {.name = "CreditAndNoReply",
       .forms = {Form::kCallback},
       .packets = {Repeat(Credit(kCall, 5), 100)},
       .end = late,
       .then = Then::kCancels},
      {.name = "GoawayAndNoReply",
       .forms = {Form::kBlocking},
       .packets = {Orderly(kCall)},
       .end = late,
       .then = Then::kCloses},
  };
  for (ClientCase& tested : cases) tested.timeout = kShort;
  const std::pair<const char*, std::vector<std::string>> ends[] = {
      {"HangsUpBehindHello", {}},
      {"HangsUpBehindAPing", {Ping()}},
      {"HangsUpBehindHalfAReply", {half_reply}},
      {"HangsUpBehindCredit", {Credit(kCall, 5)}},
  };
  for (const auto& [name, packets] : ends) {
    const Forms forms = packets == std::vector<std::string>{half_reply} ? kOneReply : kAllForms;
    cases.push_back({.name = name,
                     .forms = forms,
                     .packets = packets,
                     .end = lost,
                     .then = Then::kCloses,
                     .hangs_up = true});
  }
  cases.push_back({.name = "HangsUpBehindHalfAMessage",
                   .forms = kStreamed,
                   .packets = {half_message},
                   .end = lost,
                   .then = Then::kCloses,
                   .hangs_up = true});
  cases.push_back({.name = "HangsUpBeforeHello",
                   .forms = kAllForms,
                   .packets = {},
                   .end = lost,
                   .then = Then::kCloses,
                   .stage = Stage::kConnected,
                   .hangs_up = true});
  return cases;
}

}  // namespace piperpc::conformance
