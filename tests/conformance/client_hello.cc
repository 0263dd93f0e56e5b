// What a server says first.
#include "conformance/client_case.h"

namespace piperpc::conformance {
namespace {

constexpr absl::StatusCode kInternal = absl::StatusCode::kInternal;
constexpr absl::StatusCode kFailed = absl::StatusCode::kFailedPrecondition;
constexpr std::uint64_t kMost = ~std::uint64_t{0};
const Forms kSome = {Form::kBlocking, Form::kCallback, Form::kReader};

ClientCase Refused(std::string name, std::string packet, absl::StatusCode code, const char* text) {
  ClientCase tested = Violation(std::move(name), std::move(packet), text, kSome);
  tested.end.code = code;
  tested.stage = Stage::kConnected;
  return tested;
}

ClientCase Taken(std::string name, std::string_view fields) {
  ClientCase tested = NoMatter(std::move(name), {ServerHello(fields)});
  tested.stage = Stage::kConnected;
  return tested;
}

struct Limit {
  const char* name;
  std::uint32_t field;
  std::uint64_t least;
};

constexpr Limit kLimits[] = {
    {"PacketLimit", 4, 65'536}, {"MessageLimit", 5, 65'536},  {"CallLimit", 6, 16},
    {"MetadataLimit", 7, 8192}, {"InitialCredit", 8, 65'536},
};

void AddLimits(ClientCases& cases) {
  for (const auto& [name, field, least] : kLimits) {
    const std::string limit = name;
    cases.push_back(Refused(limit + "BelowTheLeast", ServerHello(VarintField(field, least - 1)),
                            kInternal, "in Hello is"));
    cases.push_back(Taken(limit + "OfTheLeast", VarintField(field, least)));
    cases.push_back(Taken(limit + "Of64Bits", VarintField(field, kMost)));
    if (limit == "CallLimit") continue;
    cases.push_back(
        Refused(limit + "OfZero", ServerHello(VarintField(field, 0)), kInternal, "in Hello is 0"));
  }
  // That is the Hello of a client.
  cases.push_back(Refused("CallLimitOfZero", ServerHello(VarintField(6, 0)), kFailed,
                          "is not a PipeRPC server"));
}

void AddVersions(ClientCases& cases) {
  const std::pair<std::uint64_t, std::uint64_t> versions[] = {
      {0, 0}, {2, 2}, {2, 1}, {99, 99}, {kMost, kMost}};
  for (const auto& [min, max] : versions) {
    ClientCase tested = Refused("Versions" + std::to_string(min) + "To" + std::to_string(max),
                                ServerHello(VarintField(2, min) + VarintField(3, max)), kFailed,
                                "no version in common");
    tested.said = kFailed;
    cases.push_back(std::move(tested));
  }
}

void AddStrangers(ClientCases& cases) {
  const std::pair<const char*, std::string> packets[] = {
      {"AnswerOfHttp", "HTTP/1.1 400 Bad Request\r\n\r\n"},
      {"AnswerOfSsh", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"OneByte", "x"},
      {"HeaderOf4GiB", U32(0xffffffff)},
      {"HelloOfNothing", Encode({.kind = FrameKind::kHello})},
      {"HelloOfGarbage", Encode({.kind = FrameKind::kHello}, Hex("ffffff"))},
      {"HelloOfAnotherMagic", ServerHello(Hex("0d 43505250"))},
      {"FirstFrameOfKindZero", std::string(8, '\0')},
      {"FirstFrameOptional",
       Encode({.kind = static_cast<FrameKind>(99), .flags = wire::kOptional}) + ServerHello()},
      {"ResponseBeforeHello", Response(kCall, "r") + ServerHello()},
      {"MessageBeforeHello", Message(kCall, "m") + ServerHello()},
      {"CreditBeforeHello", Credit(kCall, 5) + ServerHello()},
      {"PingBeforeHello", Ping() + ServerHello()},
      {"PongBeforeHello", Pong() + ServerHello()},
      {"RequestBeforeHello", Request(1, kEcho) + ServerHello()},
  };
  for (const auto& [name, packet] : packets) {
    cases.push_back(Refused(name, packet, kFailed, "is not a PipeRPC server"));
  }
}

void AddUnusual(ClientCases& cases) {
  cases.push_back(Refused("HelloWithAGroup", ServerHello(Hex("7b7c")), kInternal, "Hello"));
  cases.push_back(Refused("HelloWithAFieldCutOff", ServerHello(Hex("5205")), kInternal, "Hello"));
  cases.push_back(Taken("UnknownFields", VarintField(99, 7) + BytesField(100, "new")));
  cases.push_back(Taken("ImplementationThatIsNotUtf8", BytesField(9, Hex("c328ff"))));
  cases.push_back(Taken("ImplementationOfManyBytes", BytesField(9, std::string(60'000, 'i'))));
  cases.push_back(Taken("LimitsOfAnotherWireTypeBesideTheRightOnes", FieldOfType(4, 5)));
}

// A server that refuses in place of its Hello.
void AddRefusals(ClientCases& cases) {
  const std::pair<absl::StatusCode, absl::StatusCode> codes[] = {
      {absl::StatusCode::kResourceExhausted, absl::StatusCode::kResourceExhausted},
      {kFailed, kFailed},
      {absl::StatusCode::kUnavailable, absl::StatusCode::kUnavailable},
      {absl::StatusCode::kInvalidArgument, kInternal}};  // A fault of this side, as it says.
  for (const auto& [said, code] : codes) {
    for (const std::uint64_t last : {std::uint64_t{0}, kMost}) {
      cases.push_back({.name = "GoawayOfCode" + std::to_string(static_cast<int>(said)) +
                               (last == 0 ? "" : "AboveAllCalls"),
                       .forms = kSome,
                       .packets = {GoawayWith(absl::Status(said, "no room"), last)},
                       .end = {.code = code, .text = "no room"},
                       .then = Then::kCloses,
                       .stage = Stage::kConnected});
    }
  }
  // The connection's time was over, which refuses nothing.
  const absl::Status late = absl::DeadlineExceededError("too late");
  cases.push_back({.name = "GoawayOfCode4",
                   .forms = kOneReply,
                   .packets = {GoawayWith(late, 0)},
                   .end = {.replies = {"elsewhere"}},
                   .then = Then::kElsewhere,
                   .stage = Stage::kConnected});
  cases.push_back({.name = "GoawayOfCode4AboveAllCalls",
                   .forms = kSome,
                   .packets = {GoawayWith(late, kMost)},
                   .end = {.code = absl::StatusCode::kUnavailable, .text = "too late"},
                   .then = Then::kCloses,
                   .stage = Stage::kConnected});
  cases.push_back({.name = "GoawayWithoutAStatus",
                   .forms = kSome,
                   .packets = {Goaway()},
                   .end = {.replies = {"elsewhere"}},
                   .then = Then::kElsewhere,
                   .stage = Stage::kConnected});
  cases.back().forms = kOneReply;
}

}  // namespace

ClientCases HellosOfServer() {
  ClientCases cases;
  AddLimits(cases);
  AddVersions(cases);
  AddStrangers(cases);
  AddUnusual(cases);
  AddRefusals(cases);
  return cases;
}

}  // namespace piperpc::conformance
