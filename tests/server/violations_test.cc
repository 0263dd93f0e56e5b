// What a server does with frames at the edge of the protocol and beyond it, byte by byte: each case
// says what PROTOCOL.md says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "server/server_fixture.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;
using wire::FrameKind;

std::string Bytes(std::string_view hex) {
  return absl::HexStringToBytes(absl::StrReplaceAll({hex.data(), hex.size()}, {{" ", ""}}));
}

// What becomes of the connection, on which call 1 is open, when these frames have come.
struct Violation {
  const char* name;
  std::string frames;  // After a HELLO and the first frame of a stream, call 1.
  const char* text;    // In the goaway.
};

void PrintTo(const Violation& violation, std::ostream* out) { *out << violation.name; }

template <typename Case>
std::string NameOf(const ::testing::TestParamInfo<Case>& tested) {
  return tested.param.name;
}

std::string GoawayOf(std::string_view payload) {
  return Encode({.kind = FrameKind::kGoaway}, payload);
}

std::string RequestWithMetadata(std::string_view fields) {
  return Encode({.kind = FrameKind::kRequest,
                 .call_id = 2,
                 .flags = wire::kEnd,
                 .method = "test.v1.Test/Echo",
                 .metadata = fields});
}

std::string Opening(std::uint64_t id, std::string_view method, std::uint64_t message_size = 0) {
  return Encode(
      {.kind = FrameKind::kRequest, .call_id = id, .method = method, .message_size = message_size});
}

std::string Message(std::uint64_t id, std::string_view payload) {
  return Encode({.kind = FrameKind::kMessage, .call_id = id}, payload);
}

std::string HalfClose(std::uint64_t id) {
  return Encode({.kind = FrameKind::kHalfClose, .call_id = id});
}

std::string Cancel(std::uint64_t id) { return Encode({.kind = FrameKind::kCancel, .call_id = id}); }

// A REQUEST of two frames; its second one names this method.
std::string SplitRequest(std::string_view method_again) {
  return Encode({.kind = FrameKind::kRequest,
                 .call_id = 2,
                 .flags = wire::kEnd | wire::kMore,
                 .method = "test.v1.Test/Echo",
                 .message_size = 2},
                "a") +
         Encode({.kind = FrameKind::kRequest,
                 .call_id = 2,
                 .flags = wire::kEnd,
                 .method = method_again},
                "b");
}

class ProtocolError : public ServerFixture, public ::testing::WithParamInterface<Violation> {};

TEST_P(ProtocolError, EndsTheConnectionWithAGoaway) {
  Start();
  WireClient client = Connect();
  client.Send(
      {EncodedHello(),
       Encode({.kind = FrameKind::kRequest, .call_id = 1, .method = "test.v1.Test/Concat"})});
  client.Send({GetParam().frames});
  const absl::Status reason = client.Goaway();
  EXPECT_TRUE(absl::IsInvalidArgument(reason)) << reason;
  EXPECT_THAT(std::string(reason.message()), HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Goaway, ProtocolError,
    ::testing::Values(Violation{"ThatIsNoGoaway", GoawayOf(Bytes("ffffff")), "Goaway"},
                      Violation{"ThatIsCutOff", GoawayOf(Bytes("0a05080d12")), "Goaway"},
                      Violation{"WithAStatusThatIsNone", GoawayOf(Bytes("0a03ffffff")), "Status"},
                      Violation{"WithAStatusThatIsTooLong",
                                GoawayOf(Bytes("0a818001 080d 12fc7f") + std::string(16'380, 'x')),
                                "16385 bytes"},
                      Violation{"BeforeANewCall",
                                GoawayOf({}) + EncodedRequest(2, "test.v1.Test/Echo", ""),
                                "after the client's own goaway"},
                      Violation{"BeforeAFrameOfACallNeverBegun",
                                GoawayOf({}) + Encode({.kind = FrameKind::kCancel, .call_id = 2}),
                                "never begun"}),
    NameOf<Violation>);

INSTANTIATE_TEST_SUITE_P(
    Metadata, ProtocolError,
    ::testing::Values(
        Violation{"EntryCutOff", RequestWithMetadata(Bytes("32040a056162")), "MetadataEntry"},
        Violation{"EntryOfAWildLength", RequestWithMetadata(Bytes("320cffffffffffffffffffffffff")),
                  "MetadataEntry"},
        Violation{"EntryWithAGroup", RequestWithMetadata(Bytes("32024b4c")), "MetadataEntry"},
        Violation{"EntryWithAnUnknownWireType", RequestWithMetadata(Bytes("32050a016b4f78")),
                  "MetadataEntry"}),
    NameOf<Violation>);

INSTANTIATE_TEST_SUITE_P(
    Kinds, ProtocolError,
    ::testing::Values(
        Violation{"ResponseThoughOptional", Bytes("06000000 080510011804 00000000"), "kind 5"},
        Violation{"SecondHelloThoughOptional", Bytes("04000000 08011804 00000000"), "second"},
        Violation{"Zero", Bytes("00000000 00000000"), "kind 0"},
        Violation{"UnknownAndNotOptional", Bytes("02000000 080b 00000000"), "kind 11"}),
    NameOf<Violation>);

INSTANTIATE_TEST_SUITE_P(
    Ids, ProtocolError,
    ::testing::Values(
        Violation{"ZeroOfARequest",
                  Encode({.kind = FrameKind::kRequest, .call_id = 0, .flags = wire::kEnd}), "id 0"},
        Violation{"ZeroOfAMessage", Encode({.kind = FrameKind::kMessage, .call_id = 0}), "call 0"},
        Violation{"ZeroOfACancel", Encode({.kind = FrameKind::kCancel, .call_id = 0}), "call 0"},
        Violation{"NeverBegun", Encode({.kind = FrameKind::kCredit, .call_id = 9}), "call 9"},
        Violation{"ContinuedWithAMethod", SplitRequest("test.v1.Test/Echo"), "not above"},
        Violation{"NotRising", EncodedRequest(1, "test.v1.Test/Echo", ""), "not above"}),
    NameOf<Violation>);

// A frame that costs a call at the most.
struct Harmless {
  const char* name;
  std::string frames;
  absl::StatusCode code;  // Of call 2; OK: none of the frames is answered.
  const char* text;
};

void PrintTo(const Harmless& harmless, std::ostream* out) { *out << harmless.name; }

class Connection : public ServerFixture, public ::testing::WithParamInterface<Harmless> {};

TEST_P(Connection, Lives) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "")});
  EXPECT_EQ(client.NextAfterHello().call_id, 1u);
  client.Send({GetParam().frames, EncodedRequest(9, "test.v1.Test/Echo", "lives")});
  OwnedFrame reply = client.NextAfterHello();
  if (GetParam().code != absl::StatusCode::kOk) {
    EXPECT_EQ(reply.call_id, 2u);
    EXPECT_EQ(reply.status.code(), GetParam().code) << reply.status;
    EXPECT_THAT(std::string(reply.status.message()), HasSubstr(GetParam().text));
    reply = client.NextAfterHello();
  }
  EXPECT_EQ(reply.payload, "lives");
}

std::string RequestOf(std::string_view method) { return EncodedRequest(2, method, ""); }

INSTANTIATE_TEST_SUITE_P(
    Costs, Connection,
    ::testing::Values(Harmless{"EmptyMethod", Bytes("08000000 0802100218022200 00000000"),
                               absl::StatusCode::kUnimplemented, "no method"},
                      Harmless{"MethodThatIsNotUtf8", RequestOf("\xc3\x28/x"),
                               absl::StatusCode::kUnimplemented, "no method"},
                      Harmless{"EmptyMetadataKey", RequestWithMetadata(Bytes("3200")),
                               absl::StatusCode::kInvalidArgument, "key \"\" has 0 bytes"},
                      Harmless{"MetadataKeyOfAnotherWireType",
                               RequestWithMetadata(Bytes("320508011201 76")),
                               absl::StatusCode::kInvalidArgument, "key \"\" has 0 bytes"},
                      Harmless{"MetadataKeyOf65Bytes",
                               RequestWithMetadata(Bytes("32430a41") + std::string(65, 'k')),
                               absl::StatusCode::kInvalidArgument, " has 65 bytes"},
                      Harmless{"MetadataKeyThatIsNotUtf8",
                               RequestWithMetadata(Bytes("32040a02c328")),
                               absl::StatusCode::kInvalidArgument, "byte 0xc3"},
                      Harmless{"UnknownMethodAndAWrongMessageSize",
                               Encode({.kind = FrameKind::kRequest,
                                       .call_id = 2,
                                       .flags = wire::kEnd,
                                       .method = "no.S/M",
                                       .message_size = 77}),
                               absl::StatusCode::kUnimplemented, "no method"}),
    NameOf<Harmless>);

INSTANTIATE_TEST_SUITE_P(
    Ignores, Connection,
    ::testing::Values(
        Harmless{"UnknownKindThatIsOptional", Bytes("04000000 080b1804 00000000"), {}, ""},
        Harmless{"KindZeroThatIsOptional", Bytes("02000000 1804 00000000"), {}, ""},
        Harmless{
            "PongAbove64Bytes", Encode({.kind = FrameKind::kPong}, std::string(65, 'p')), {}, ""},
        Harmless{"StatusOfAPong", Bytes("06000000 08093a02ffff 00000000"), {}, ""},
        Harmless{"CancelOfACallThatHasEnded",
                 Encode({.kind = FrameKind::kCancel, .call_id = 1}),
                 {},
                 ""},
        Harmless{"RestOfARequestThatHasEnded",
                 Encode({.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd}, "rest"),
                 {},
                 ""},
        Harmless{"MessageOfACallThatHasEnded",
                 Encode({.kind = FrameKind::kMessage, .call_id = 1}, "late"),
                 {},
                 ""}),
    NameOf<Harmless>);

using FieldsWithoutUse = ServerFixture;

TEST_F(FieldsWithoutUse, AStatusOfARequestAndOfAPingIsNotLookedAt) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(),
               Encode({.kind = FrameKind::kRequest,
                       .call_id = 1,
                       .flags = wire::kEnd,
                       .method = "test.v1.Test/Echo",
                       .status = "\xff\xff",
                       .has_status = true},
                      "served"),
               Encode({.kind = FrameKind::kPing, .status = "\xff\xff", .has_status = true}, "p")});
  EXPECT_EQ(client.NextAfterHello().payload, "served");
  const OwnedFrame pong = client.NextAfterHello();
  EXPECT_EQ(pong.kind, FrameKind::kPong);
  EXPECT_EQ(pong.payload, "p");
}

TEST_F(FieldsWithoutUse, AMessageSizeOfARequestWithoutAMessageIsNotLookedAt) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Concat", 77), Message(1, "a"),
               Message(1, "b"), HalfClose(1)});
  EXPECT_EQ(client.NextAfterHello().payload, "a,b,");
}

TEST_F(FieldsWithoutUse, AMetadataValueOfAnotherWireTypeIsSteppedOver) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), Encode({.kind = FrameKind::kRequest,
                                       .call_id = 1,
                                       .flags = wire::kEnd,
                                       .method = "test.v1.Test/Meta",
                                       .metadata = Bytes("32050a016b1005")})});
  EXPECT_EQ(client.NextAfterHello().payload, "k=;");
}

using Cancels = ServerFixture;

// Its handler has not ended, so the server still knows the call.
TEST_F(Cancels, OfACallThatStillRunsLetWhatStillComesForItBeIgnored) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", ""),
               Opening(2, "test.v1.Test/ReadLate"), Message(2, "in time")});
  ASSERT_TRUE(service_.entered.WaitFor(2));
  for (const std::uint64_t id : {1u, 2u}) {
    client.Send({Cancel(id), Cancel(id), Message(id, "late"), HalfClose(id), HalfClose(id),
                 Encode({.kind = FrameKind::kCredit, .call_id = id, .credit = 5})});
  }
  client.Send({EncodedRequest(3, "test.v1.Test/Echo", "served")});
  EXPECT_EQ(client.NextAfterHello().payload, "served");
  service_.release.Set();
  for (int i = 0; i < 2; ++i) {
    const OwnedFrame end = client.NextAfterHello();
    EXPECT_EQ(end.kind, FrameKind::kResponse);
    EXPECT_TRUE(absl::IsCancelled(end.status)) << end.status;
  }
}

using Goaways = ServerFixture;

const std::string kGoawayWithAStatus = GoawayOf(Bytes("0a05080d120178"));

TEST_F(Goaways, OfAnIdleClientEndTheConnection) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), Bytes("02000000 080a 00000000")});
  EXPECT_EQ(client.Next()->kind, FrameKind::kHello);
  EXPECT_TRUE(absl::IsUnavailable(client.Next().status()));
}

TEST_F(Goaways, OfAClientWithCallsLetThemEnd) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", ""), GoawayOf({})});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  service_.release.Set();
  EXPECT_EQ(client.NextAfterHello().payload, "released");
  EXPECT_TRUE(absl::IsUnavailable(client.Next().status()));
}

TEST_F(Goaways, WithAStatusEndItsCalls) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  client.Send({kGoawayWithAStatus});
  EXPECT_TRUE(service_.stopped.WaitFor(1));
  while (client.Next().ok()) {
  }
}

// With an open stream, whose handler reads, and a call behind the goaway, which is not answered.
TEST_F(Goaways, WithAStatusEndTheConnectionAtOnce) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Concat"), Message(1, "part")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  client.Send({kGoawayWithAStatus + EncodedRequest(2, "test.v1.Test/Stubborn", "")});
  EXPECT_TRUE(service_.stopped.WaitFor(1));
  absl::StatusOr<OwnedFrame> frame = client.Next();
  for (; frame.ok(); frame = client.Next()) EXPECT_NE(frame->call_id, 2u);
  EXPECT_TRUE(absl::IsUnavailable(frame.status())) << frame.status();
  EXPECT_EQ(service_.entered.count(), 1);  // By the first one alone.
}

// The client has left so much unread that the goaway cannot follow it into the pipe.
TEST_F(Goaways, ThatCannotBeSentAreNotWaitedForForEver) {
  Start({.output_queue_bytes = 64 * 1024 * 1024});  // It goes on reading.
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Big", "4000000")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  {
    WireClient other = Connect();  // Is served once all is sent of the reply that the pipe takes.
    other.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "served")});
    EXPECT_EQ(other.NextAfterHello().payload, "served");
  }
  client.Send({Cancel(9)});  // Of a call that was never begun.
  EXPECT_TRUE(Eventually([this] { return server_->stats().connections == 0; }));
  absl::StatusOr<OwnedFrame> frame = client.Next();
  for (; frame.ok(); frame = client.Next()) EXPECT_NE(frame->kind, FrameKind::kGoaway);
}

using Credit = ServerFixture;

TEST_F(Credit, IsNotNeededForTheEndOfAStream) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Large", "70000")});
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
  OwnedFrame frame = client.NextAfterHello();
  while (frame.kind == FrameKind::kMessage) frame = client.NextAfterHello();
  EXPECT_EQ(frame.kind, FrameKind::kResponse);
  EXPECT_TRUE(frame.status.ok()) << frame.status;
}

TEST_F(Credit, AboveWhatCanBeCountedIsAsGoodAsNoLimit) {
  Start();
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 62;
  for (const std::uint64_t initial : {~std::uint64_t{0}, 2 * kHalf + 100'000, 2 * kHalf - 1}) {
    WireClient client = Connect();
    client.Send({EncodedHello({.max_packet_bytes = 131'072,
                               .max_message_bytes = 4'194'304,
                               .max_metadata_bytes = 8192,
                               .initial_credit = initial}),
                 EncodedRequest(1, "test.v1.Test/Count", "5"),
                 Encode({.kind = FrameKind::kCredit, .call_id = 1, .credit = kHalf}),
                 Encode({.kind = FrameKind::kCredit, .call_id = 1, .credit = ~std::uint64_t{0}})});
    for (int i = 0; i < 5; ++i) EXPECT_EQ(client.NextAfterHello().payload, std::to_string(i));
    EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kResponse);
  }
}

using FirstFrame = ServerFixture;

TEST_F(FirstFrame, OfAnUnknownOptionalKindIsNoHello) {
  Start();
  WireClient client = Connect();
  client.Send({Bytes("04000000 080b1804 00000000")});
  EXPECT_TRUE(absl::IsInvalidArgument(client.Goaway()));
}

// A Hello that is well but for these fields at its end.
std::string HelloAnd(std::string_view fields) {
  const wire::Hello hello{.max_packet_bytes = 131'072,
                          .max_message_bytes = 4'194'304,
                          .max_metadata_bytes = 8192,
                          .initial_credit = 65'536};
  return Encode({.kind = FrameKind::kHello}, wire::EncodeHello(hello) + std::string(fields));
}

TEST_F(FirstFrame, WithAGroupIsNoHello) {
  Start();
  WireClient client = Connect();
  client.Send({HelloAnd(Bytes("7b7c"))});
  const absl::Status reason = client.Goaway();
  EXPECT_TRUE(absl::IsInvalidArgument(reason)) << reason;
  EXPECT_THAT(std::string(reason.message()), HasSubstr("Hello"));
}

TEST_F(FirstFrame, OfAnImplementationThatIsNoTextIsAHello) {
  Start();
  for (const char* fields : {"4a02c328", "4801"}) {  // Not UTF-8, and a number.
    WireClient client = Connect();
    client.Send({HelloAnd(Bytes(fields)), EncodedRequest(1, "test.v1.Test/Echo", "served")});
    EXPECT_EQ(client.NextAfterHello().payload, "served") << fields;
  }
}

TEST_F(FirstFrame, WithVersionsTurnedRoundHasNoneInCommon) {
  Start();
  WireClient client = Connect();
  wire::Hello hello{.max_packet_bytes = 131'072,
                    .max_message_bytes = 4'194'304,
                    .max_metadata_bytes = 8192,
                    .initial_credit = 65'536};
  hello.min_version = 2;
  hello.max_version = 1;
  client.Send({EncodedHello(hello)});
  EXPECT_TRUE(absl::IsFailedPrecondition(client.Goaway()));
}

}  // namespace
}  // namespace piperpc::testing
