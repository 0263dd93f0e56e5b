#include "conformance/server_conformance.h"

#include <gmock/gmock.h>

#include <deque>
#include <set>
#include <utility>

#include "piperpc/testing/endpoint.h"
#include "support/descriptors.h"
#include "support/eventually.h"
#include "transport/fixture.h"

namespace piperpc::conformance {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;
using What = Expectation::What;

constexpr char kStillThere[] = "still there?";

bool IsOfCall(FrameKind kind) {
  return kind == FrameKind::kResponse || kind == FrameKind::kMessage || kind == FrameKind::kCredit;
}

void ExpectStatus(const absl::Status& status, const Expectation& expected) {
  EXPECT_EQ(status.code(), expected.code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(expected.text));
}

}  // namespace

std::map<std::string, std::unique_ptr<LiveServer>>& ServerConformance::Shared() {
  static std::map<std::string, std::unique_ptr<LiveServer>> servers;
  return servers;
}

void ServerConformance::SetUp() {
  std::unique_ptr<LiveServer>& place = case_.limit == nullptr ? Shared()[transport_] : own_;
  std::string reason;
  if (place == nullptr) place = LiveServer::Start(transport_, reason, case_.limit);
  if (place == nullptr) GTEST_SKIP() << transport_ << " is refused: " << reason;
  server_ = place.get();
}

void ServerConformance::TestBody() {
  Client bystander(server_->transport(), server_->endpoint());
  ASSERT_NO_FATAL_FAILURE(Meet(bystander));
  ExpectAlone();
  const std::size_t descriptors = testing::OpenDescriptors();
  {
    Client offender(server_->transport(), server_->endpoint());
    ASSERT_NO_FATAL_FAILURE(Prepare(offender));
    Offend(offender);
    ExpectServed(bystander);
    if (!case_.hangs_up) ExpectAnswers(offender);
  }
  server_->service().release.Set();
  ExpectNothingKept(bystander, descriptors);
}

void ServerConformance::TearDown() {
  if (server_ != nullptr) server_->service().release.Shut();
  if (HasFailure()) Shared().erase(transport_);
}

void ServerConformance::Meet(Client& bystander) {
  bystander.Send({EncodedHello()});
  ASSERT_EQ(bystander.Next()->kind, FrameKind::kHello);
  ExpectServed(bystander);
}

void ServerConformance::Prepare(Client& offender) {
  if (case_.before == Before::kNothing) return;
  const int served = server_->service().entered.count();
  offender.Send({EncodedHello()});
  const auto hello = offender.Next();
  ASSERT_TRUE(hello.ok() && hello->kind == FrameKind::kHello) << hello.status();
  switch (case_.before) {
    case Before::kNothing:
    case Before::kHello:
      return;
    case Before::kAnswered:
      offender.Send({Request(1, kEcho, "first")});
      return ExpectReply(offender, Replies(1, "first"));
    case Before::kStream:
      return offender.Send({Opening(1, kConcat)});
    case Before::kInMessage:
      return offender.Send({Opening(1, kConcat), Part(FrameKind::kMessage, 1, 8, "half")});
    case Before::kInRequest: {
      FrameHeader first{
          .kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd | wire::kMore};
      first.method = kEcho;
      first.message_size = 8;
      return offender.Send({Encode(first, "half")});
    }
    case Before::kServed:
      offender.Send({Request(1, kWait)});
      ASSERT_TRUE(server_->service().entered.WaitFor(served + 1));
  }
}

// What comes behind the offence may find the connection closed.
void ServerConformance::Offend(Client& offender) {
  for (const std::string& packet : case_.packets) {
    const absl::Status sent = offender.TrySend(packet);
    EXPECT_TRUE(sent.ok() || absl::IsUnavailable(sent)) << sent;
  }
}

void ServerConformance::ExpectAnswers(Client& offender) {
  for (const Expectation& expected : case_.expected) {
    Expect(offender, expected);
    if (HasFailure() || expected.what == What::kGoaway || expected.what == What::kEnd) return;
  }
  ExpectAlive(offender);
}

void ServerConformance::Expect(Client& offender, const Expectation& expected) {
  switch (expected.what) {
    case What::kGoaway:
      return ExpectGoaway(offender, expected);
    case What::kEnd:
      return ExpectEnd(offender);
    case What::kLetsGo:
      return server_->service().release.Set();
    default:
      return ExpectReply(offender, expected);
  }
}

// What its calls had made ready may come before it, and behind it.
void ServerConformance::ExpectGoaway(Client& offender, const Expectation& expected) {
  ExpectStatus(offender.Goaway(), expected);
}

void ServerConformance::ExpectEnd(Client& offender) {
  absl::StatusOr<Frame> frame = offender.Next();
  while (frame.ok()) frame = offender.Next();
  EXPECT_TRUE(absl::IsUnavailable(frame.status())) << frame.status();
}

// The next frame, whose message is put together.
void ServerConformance::ExpectReply(Client& offender, const Expectation& expected) {
  std::string message;
  absl::StatusOr<Frame> frame;
  do {
    frame = offender.Next();
    ASSERT_TRUE(frame.ok()) << frame.status();
    if (frame->kind != FrameKind::kCredit) message += frame->payload;
  } while (frame->kind == FrameKind::kCredit || (frame->flags & wire::kMore) != 0);
  static constexpr FrameKind kKinds[] = {FrameKind::kHello, FrameKind::kPong, FrameKind::kResponse,
                                         FrameKind::kResponse, FrameKind::kMessage};
  EXPECT_EQ(frame->kind, kKinds[static_cast<std::size_t>(expected.what)]) << frame->status;
  if (expected.what == What::kHello) return;
  if (IsOfCall(frame->kind)) {
    EXPECT_EQ(frame->call_id, expected.call_id);
  }
  if (frame->kind == FrameKind::kGoaway) {
    const auto goaway = wire::DecodeGoaway(message);
    ADD_FAILURE() << (goaway.ok() ? goaway->status : goaway.status());
    return;
  }
  if (expected.what == What::kRefusal) return ExpectStatus(frame->status, expected);
  EXPECT_TRUE(frame->status.ok()) << frame->status;
  EXPECT_TRUE(message == expected.text)
      << message.size() << " bytes: " << message.substr(0, 100) << ", not " << expected.text.size()
      << ": " << expected.text.substr(0, 100);
}

// It is answered, and nothing else came before.
void ServerConformance::ExpectAlive(Client& offender) {
  offender.Send({Ping(kStillThere)});
  ExpectReply(offender, Pongs(kStillThere));
}

void ServerConformance::ExpectServed(Client& bystander) {
  const std::uint64_t id = next_call_++;
  bystander.Send({Request(id, kEcho, "bystander")});
  ExpectReply(bystander, Replies(id, "bystander"));
}

void ServerConformance::ExpectAlone() {
  EXPECT_TRUE(Eventually([this] {
    const ServerStats stats = server_->stats();
    return stats.connections == 1 && stats.calls == 0;
  })) << server_->stats().connections
      << " connections, " << server_->stats().calls << " calls";
}

// A message that needs all the memory there is for messages shows that none is missing.
void ServerConformance::ExpectNothingKept(Client& bystander, std::size_t descriptors) {
  ExpectAlone();
  EXPECT_TRUE(Eventually([&] { return testing::OpenDescriptors() <= descriptors; }));
  const std::string quarter(LiveServer::kMaxMessage / 4, 'q');
  const std::uint64_t id = next_call_++;
  FrameHeader first{.kind = FrameKind::kRequest, .call_id = id, .flags = wire::kEnd | wire::kMore};
  first.method = kEcho;
  first.message_size = LiveServer::kMaxMessage;
  bystander.Send({Encode(first, quarter)});
  for (int i = 0; i < 2; ++i) bystander.Send({Part(FrameKind::kRequest, id, 0, quarter)});
  bystander.Send({LastPart(FrameKind::kRequest, id, quarter)});
  ExpectReply(bystander, Replies(id, Repeat(quarter, 4)));
}

namespace {

struct Theme {
  const char* name;
  ServerCases (*cases)();
};

constexpr Theme kThemes[] = {
    {"Lengths", Lengths},    {"Truncation", Truncation}, {"Fields", Fields},
    {"Hello", Hellos},       {"Kinds", Kinds},           {"Ids", Ids},
    {"States", States},      {"Messages", Messages},     {"Metadata", MetadataCases},
    {"Credit", CreditCases}, {"Deadlines", Deadlines},   {"Ping", Pings},
    {"Goaway", Goaways},     {"Payloads", Payloads},     {"Bombs", Bombs},
    {"Closing", Closing},
};

void Register(const std::string& theme, const ServerCase& tested, const std::string& transport) {
  ::testing::RegisterTest((theme + "/ServerConformance").c_str(),
                          (tested.name + "/" + transport).c_str(), nullptr, nullptr, __FILE__,
                          __LINE__, [&tested, transport]() -> ServerConformance* {
                            return new ServerConformance(tested, transport);
                          });
}

}  // namespace

void RegisterServerCases() {
  static std::deque<ServerCases> tables;  // The tests look into them.
  for (const Theme& theme : kThemes) {
    std::set<std::string> names;
    for (const ServerCase& tested : tables.emplace_back(theme.cases())) {
      if (!names.insert(tested.name).second) ADD_FAILURE() << "two cases are " << tested.name;
      for (const std::string& transport : transport::TransportNames()) {
        Register(theme.name, tested, transport);
      }
    }
  }
}

}  // namespace piperpc::conformance
