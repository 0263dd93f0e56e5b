// The first frame: Hellos that are accepted, those that are not, and what is none.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

// The fields of a Hello.
enum HelloField : std::uint32_t {
  kMagicField = 1,
  kMinVersion = 2,
  kMaxVersion = 3,
  kPacketLimit = 4,
  kMessageLimit = 5,
  kCallLimit = 6,
  kMetadataLimit = 7,
  kInitialCredit = 8,
  kImplementation = 9,
};

wire::Hello Usual() {
  return {.max_packet_bytes = 131'072,
          .max_message_bytes = 4'194'304,
          .max_metadata_bytes = 8192,
          .initial_credit = 65'536};
}

std::string HelloFrame(std::string_view payload) {
  return Encode({.kind = FrameKind::kHello}, payload);
}

// A usual Hello, and these fields behind its own: of two that are the same, the last one counts.
std::string HelloAnd(std::string_view fields) {
  return HelloFrame(wire::EncodeHello(Usual()) + std::string(fields));
}

ServerCase Accepted(std::string name, std::string packet) {
  return {.name = std::move(name),
          .before = Before::kNothing,
          .packets = {std::move(packet)},
          .expected = {Greets()}};
}

ServerCase Refused(std::string name, std::string packet, Expectation expected) {
  return {.name = std::move(name),
          .before = Before::kNothing,
          .packets = {std::move(packet)},
          .expected = {std::move(expected)}};
}

struct Limit {
  const char* name;
  HelloField field;
  std::uint64_t least;
};

constexpr Limit kLimits[] = {
    {"PacketLimit", kPacketLimit, 65'536},
    {"MessageLimit", kMessageLimit, 65'536},
    {"CallLimit", kCallLimit, 16},
    {"MetadataLimit", kMetadataLimit, 8192},
    {"InitialCredit", kInitialCredit, 65'536},
};

void AddLimits(ServerCases& cases) {
  const Expectation refusal = ProtocolError("in Hello is");
  for (const Limit& limit : kLimits) {
    const std::string name = limit.name;
    const auto hello = [&](std::uint64_t value) {
      return HelloAnd(VarintField(limit.field, value));
    };
    cases.push_back(Refused(name + "BelowTheLeast", hello(limit.least - 1), refusal));
    cases.push_back(Refused(name + "OfOne", hello(1), refusal));
    cases.push_back(Accepted(name + "OfTheLeast", hello(limit.least)));
    cases.push_back(Accepted(name + "Of2To32", hello(std::uint64_t{1} << 32)));
    cases.push_back(Accepted(name + "Of64Bits", hello(kMost)));
    if (limit.field == kCallLimit) continue;  // A client may say 0 there.
    cases.push_back(Refused(name + "OfZero", hello(0), refusal));
  }
  cases.push_back(Accepted("CallLimitOfZero", HelloAnd(VarintField(kCallLimit, 0))));
}

struct Versions {
  const char* name;
  std::uint64_t min;
  std::uint64_t max;
  bool common;
};

constexpr Versions kVersions[] = {
    {"VersionsOneToOne", 1, 1, true},
    {"VersionsZeroToOne", 0, 1, true},
    {"VersionsOneToMany", 1, 99, true},
    {"VersionsZeroTo64Bits", 0, kMost, true},
    {"VersionsZeroToZero", 0, 0, false},
    {"VersionsTwoToTwo", 2, 2, false},
    {"VersionsTwoToMany", 2, 99, false},
    {"VersionsTurnedRound", 2, 1, false},
    {"VersionsManyToZero", 99, 0, false},
    {"VersionsOneToZero", 1, 0, false},
    {"VersionsOf2To32", std::uint64_t{1} << 32, std::uint64_t{1} << 32, false},
    {"VersionsOf2To32AndOne", (std::uint64_t{1} << 32) + 1, (std::uint64_t{1} << 32) + 1, false},
    {"VersionsOf64Bits", kMost, kMost, false},
};

void AddVersions(ServerCases& cases) {
  const Expectation none = Closes(absl::StatusCode::kFailedPrecondition, "no version in common");
  for (const auto& [name, min, max, common] : kVersions) {
    const std::string hello =
        HelloAnd(VarintField(kMinVersion, min) + VarintField(kMaxVersion, max));
    cases.push_back(common ? Accepted(name, hello) : Refused(name, hello, none));
  }
}

void AddMagics(ServerCases& cases) {
  const std::pair<const char*, std::string> magics[] = {
      {"MagicOfZero", Hex("0d 00000000")},
      {"MagicInBigEndian", Hex("0d 43505250")},
      {"MagicOneBitOff", Hex("0d 51525043")},
      {"MagicInLowerCase", Hex("0d 70727063")},
  };
  for (const auto& [name, field] : magics) {
    cases.push_back(Refused(name, HelloAnd(field), ProtocolError("Hello has the magic")));
  }
  wire::Hello hello = Usual();
  hello.magic = 0;
  const std::string without = wire::EncodeHello(hello);
  cases.push_back(Refused("MagicMissing", HelloFrame(without), ProtocolError("the magic")));
  cases.push_back(Refused("MagicOfAnotherWireType",
                          HelloFrame(without + VarintField(kMagicField, wire::kMagic)),
                          ProtocolError("the magic")));
}

ServerCases Damaged() {
  const Expectation none = ProtocolError("Hello");
  return {
      Refused("HelloOfNothing", HelloFrame(""), none),
      Refused("HelloOfGarbage", HelloFrame(Hex("ffffff")), none),
      Refused("HelloWithAGroup", HelloAnd(Hex("7b7c")), none),
      Refused("HelloWithAnUnknownWireType", HelloAnd(Hex("57")), none),
      Refused("HelloWithAFieldThatIsCutOff", HelloAnd(Hex("52 05 61")), none),
      Refused("HelloWithFieldNumberZero", HelloAnd(Hex("0001")), none),
      Refused("ImplementationLongerThanHello", HelloAnd(Hex("4a 7f 61")), none),
  };
}

ServerCases Unusual() {
  FrameHeader odd{.kind = FrameKind::kHello, .call_id = 77, .flags = 0xffffffff};
  odd.method = "no.such/Method";
  odd.credit = 5;
  odd.message_size = 3;
  const std::string payload = wire::EncodeHello(Usual());
  return {
      Accepted("FieldsThatAHelloHasNoUseFor", Encode(odd, payload)),
      Accepted("UnknownFields", HelloAnd(VarintField(99, 7) + BytesField(100, "new"))),
      Accepted("LimitsOfAnotherWireTypeBesideTheRightOnes",
               HelloAnd(FieldOfType(kPacketLimit, 5) + FieldOfType(kInitialCredit, 2))),
      Accepted("ImplementationThatIsNotUtf8", HelloAnd(BytesField(kImplementation, Hex("c328ff")))),
      Accepted("ImplementationOfManyBytes",
               HelloAnd(BytesField(kImplementation, std::string(60'000, 'i')))),
      Accepted("ImplementationOfAnotherWireType", HelloAnd(VarintField(kImplementation, 1))),
      Accepted("FieldsInTheReverseOrder",
               HelloFrame(VarintField(kInitialCredit, 65'536) + VarintField(kMetadataLimit, 8192) +
                          VarintField(kMessageLimit, 65'536) + VarintField(kPacketLimit, 65'536) +
                          VarintField(kMaxVersion, 1) + VarintField(kMinVersion, 1) +
                          Hex("0d 50525043"))),
  };
}

// Whatever they say, OPTIONAL or not.
void AddOtherKinds(ServerCases& cases) {
  for (const std::uint32_t kind : {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99}) {
    for (const std::uint32_t flags : {0u, wire::kOptional}) {
      FrameHeader header{.kind = static_cast<FrameKind>(kind), .call_id = 1, .flags = flags};
      header.method = kEcho;
      cases.push_back(Refused(
          "FirstFrameOfKind" + std::to_string(kind) + (flags == 0 ? "" : "Optional"),
          Encode(header, "p") + EncodedHello(), ProtocolError("the first frame must be a Hello")));
    }
  }
}

ServerCases Order() {
  return {
      {.name = "EarlyCallsBehindIt",
       .before = Before::kNothing,
       .packets = {EncodedHello() + Request(1, kEcho, "early"), Request(2, kEcho, "too")},
       .expected = {Greets(), Replies(1, "early"), Replies(2, "too")}},
      {.name = "DamageBehindIt",
       .before = Before::kNothing,
       .packets = {EncodedHello() + "damage"},
       .expected = {ProtocolError("header length")}},
      {.name = "CallsBehindARefusedOne",
       .before = Before::kNothing,
       .packets = {HelloFrame("") + Request(1, kEcho, "not served")},
       .expected = {ProtocolError("Hello")}},
      {.name = "Silence",
       .before = Before::kNothing,
       .packets = {},
       .expected = {Closes(absl::StatusCode::kDeadlineExceeded, "no Hello came within 1000 ms")},
       .limit = [](ServerOptions& options) { options.hello_timeout = std::chrono::seconds(1); }},
  };
}

}  // namespace

ServerCases Hellos() {
  ServerCases cases;
  AddLimits(cases);
  AddVersions(cases);
  AddMagics(cases);
  AddOtherKinds(cases);
  for (const ServerCases& more : {Damaged(), Unusual(), Order()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

}  // namespace piperpc::conformance
