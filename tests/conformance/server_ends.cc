// How a client goes away: with a GOAWAY of any kind, and without one.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

std::string StatusField(std::string_view status) { return BytesField(1, status); }

std::string Failed() { return GoawayWith(absl::InternalError("x"), 0); }

// Such a one ends the connection at once, with nothing more said.
ServerCases WithAStatus() {
  const std::pair<const char*, std::string> payloads[] = {
      {"GoawayWithAStatus", wire::EncodeGoaway({absl::InternalError("x"), 7})},
      {"GoawayOfAnUnknownCode", StatusField(VarintField(1, 17))},
      {"GoawayOfANegativeCode", StatusField(VarintField(1, ~std::uint64_t{0}))},
      {"GoawayOfACodeOf2To31", StatusField(VarintField(1, std::uint64_t{1} << 31))},
      {"GoawayWithATextThatIsNotUtf8",
       StatusField(VarintField(1, 13) + BytesField(2, "\xff\xc3\x28"))},
      {"GoawayWithManyDetails", StatusField(VarintField(1, 13) + Repeat(BytesField(3, ""), 8000))},
  };
  ServerCases cases;
  for (const auto& [name, payload] : payloads) {
    cases.push_back({.name = name, .packets = {Goaway(payload)}, .expected = {Ends()}});
  }
  return InEveryStateBehindHello(cases);
}

ServerCases Orderly() {
  const std::string goaway = Goaway();
  const std::string max_id = GoawayWith(absl::OkStatus(), ~std::uint64_t{0});
  return {
      {.name = "GoawayOfAnIdleClient", .packets = {goaway}, .expected = {Ends()}},
      {.name = "GoawayAfterACall",
       .before = Before::kAnswered,
       .packets = {goaway},
       .expected = {Ends()}},
      {.name = "GoawayOfStatusZero",
       .packets = {Goaway(StatusField(VarintField(1, 0) + BytesField(2, "fine")))},
       .expected = {Ends()}},
      {.name = "GoawayWithUnknownFields",
       .packets = {Goaway(VarintField(99, 1) + BytesField(98, "x"))},
       .expected = {Ends()}},
      {.name = "GoawayWithFieldsOfAnotherWireType",
       .packets = {Goaway(VarintField(1, 13) + BytesField(2, "x"))},
       .expected = {Ends()}},
      {.name = "PingBehindGoaway",
       .packets = {goaway + Ping("p")},
       .expected = {Pongs("p"), Ends()}},
      {.name = "GoawayWhileACallIsServed", .before = Before::kServed, .packets = {goaway}},
      {.name = "GoawayTwiceWhileACallIsServed",
       .before = Before::kServed,
       .packets = {goaway, max_id}},
      {.name = "CancelBehindGoaway",
       .before = Before::kServed,
       .packets = {goaway, Cancel(1)},
       .expected = {Refuses(1, absl::StatusCode::kCancelled, ""), Ends()}},
      {.name = "RestOfAStreamBehindGoaway",
       .before = Before::kStream,
       .packets = {goaway, Message(1, "m"), HalfClose(1)},
       .expected = {Replies(1, "m,"), Ends()}},
      {.name = "RestOfARequestBehindGoaway",
       .before = Before::kInRequest,
       .packets = {max_id, LastPart(FrameKind::kRequest, 1, "rest")},
       .expected = {Replies(1, "halfrest"), Ends()}},
      {.name = "StatusBehindGoaway",
       .before = Before::kServed,
       .packets = {goaway, Failed()},
       .expected = {Ends()}},
      {.name = "SecondRequestOfACallBehindGoaway",
       .before = Before::kServed,
       .packets = {goaway, Request(1, "")},
       .expected = {ProtocolError("after its last one")}},
  };
}

ServerCases NewCalls() {
  ServerCases cases = {
      {.name = "RequestBehindGoaway",
       .packets = {Goaway() + Request(2, kEcho)},
       .expected = {ProtocolError("after the client's own goaway")}},
      {.name = "StreamBehindGoaway",
       .packets = {Goaway() + Opening(2, kConcat)},
       .expected = {ProtocolError("after the client's own goaway")}},
      {.name = "CancelOfANewCallBehindGoaway",
       .packets = {Goaway() + Cancel(2)},
       .expected = {ProtocolError("never begun")}},
  };
  for (ServerCase& tested : cases) tested.before = Before::kServed;
  return cases;
}

}  // namespace

ServerCases Goaways() {
  ServerCases cases = InEveryStateBehindHello(ErrorsOf(DamagedGoaways()));
  for (const ServerCases& more : {WithAStatus(), Orderly(), NewCalls()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

ServerCases Closing() {
  const std::string big = Request(10, "test.v1.Test/Big", "200000");
  ServerCases cases = {
      {.name = "HangsUp", .packets = {}},
      {.name = "HangsUpBehindAPing", .packets = {Ping("p")}},
      {.name = "HangsUpBehindDamage", .packets = {"damage"}},
      {.name = "HangsUpBehindGoaway", .packets = {Goaway()}},
      {.name = "HangsUpBehindGoawayWithAStatus", .packets = {Failed()}},
      {.name = "HangsUpBehindRequests",
       .packets = {Request(10, kEcho) + Request(11, kWait) + Opening(12, kConcat)}},
      {.name = "HangsUpBehindCancels",
       .packets = {Request(10, kWait) + Cancel(10) + Opening(11, kConcat) + Cancel(11)}},
      {.name = "LeavesALargeReplyUnread", .packets = {big}},
      {.name = "LeavesAStreamUnread", .packets = {Request(10, kForever) + Credit(10, 10'000'000)}},
      {.name = "LeavesPongsUnread",
       .packets = std::vector<std::string>(8, Repeat(Ping("p"), 1000))},
  };
  cases = InEveryState(cases);
  for (ServerCase& tested : cases) tested.hangs_up = true;
  return cases;
}

}  // namespace piperpc::conformance
