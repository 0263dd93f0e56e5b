#include "fuzz/server_world.h"

#include <stdexcept>
#include <utility>

#include "fuzz/require.h"
#include "src/wire/frame.h"

namespace piperpc::fuzz {
namespace {

Stream<RawMessage> AnswerOne(RawMessage request) {
  RawMessage message{request.bytes};
  co_yield message;
  RawResponse response{std::move(request)};
  co_yield response;
}

Stream<RawMessage> AnswerAll(CoReader<RawMessage> reader) {
  while (std::optional<RawMessage> message = co_await reader.CoNext()) co_yield *message;
}

Task<testing::RawResult> Throw() {
  throw std::runtime_error("thrown");
  co_return RawMessage{};
}

}  // namespace

FuzzedServices::FuzzedServices()
    : odd_("fuzz.v1.Odd"),
      rest_([](ServerContext&, RawMessage request) { return AnswerOne(std::move(request)); },
            [](ServerContext&, CoReader<RawMessage> reader) { return AnswerAll(reader); }) {
  odd_.AddUnary("Late", [this](ServerContext&, RawMessage m) { return Late(std::move(m)); });
  odd_.AddUnary("Throw", [](ServerContext&, RawMessage) { return Throw(); });
  odd_.AddServerStreaming("Flood",
                          [](ServerContext&, RawMessage m) { return Flood(std::move(m)); });
  odd_.AddBidirectional("Unread",
                        [this](ServerContext&, CoReader<RawMessage> r) { return Unread(r); });
  Require(dispatcher_.Add(shapes_.service()).ok() && dispatcher_.Add(odd_).ok() &&
              dispatcher_.AddCatchAll(rest_).ok(),
          "the services are good");
}

Task<testing::RawResult> FuzzedServices::Late(RawMessage request) {
  auto passing = door.Pass();
  co_await passing;
  co_return request;
}

Stream<RawMessage> FuzzedServices::Flood(RawMessage request) {
  const RawMessage message{request.bytes + std::string(20'000, 'f')};
  for (;;) co_yield message;
}

Stream<RawMessage> FuzzedServices::Unread(CoReader<RawMessage> reader) {
  auto passing = door.Pass();
  co_await passing;
  while (std::optional<RawMessage> message = co_await reader.CoNext()) co_yield *message;
}

void FuzzedClient::Send(std::string_view packet) {
  if (packet.empty() || packet.size() > transport::kMaxPacketBytes) return;
  const transport::Bytes slice(packet.data(), packet.size());
  pipe_->Send({&slice, 1}).IgnoreError();
}

std::string FuzzedClient::Read() {
  static std::vector<char> buffer(transport::kMaxPacketBytes);
  std::string last;
  while (true) {
    const auto size = pipe_->ReceiveUntil(buffer, base::TimePoint::min());
    if (!size.ok()) return last;
    const wire::Bytes packet = wire::Bytes(buffer).first(*size);
    RequireRules(received_.Check(packet));
    wire::Frame frame;
    for (wire::PacketReader reader(packet); !reader.done();) reader.Next(frame);
    last.assign(frame.payload.begin(), frame.payload.end());
  }
}

// Small, so that inputs reach the limits.
ServerOptions ServerWorld::Options() {
  return {.max_packet_bytes = 64 * 1024,
          .max_message_bytes = 128 * 1024,
          .max_calls_per_connection = 16,
          .stream_credit_bytes = 64 * 1024,
          .output_queue_bytes = 64 * 1024,
          .parse_budget_bytes = 256 * 1024,
          .parse_budget_per_connection = 160 * 1024,
          .parse_budget_per_user = 224 * 1024,
          .reply_budget_bytes = 256 * 1024,
          .log = [](const LogRecord&) {}};
}

std::unique_ptr<FuzzedClient> ServerWorld::Connect() {
  return std::make_unique<FuzzedClient>(server_.Connect());
}

}  // namespace piperpc::fuzz
