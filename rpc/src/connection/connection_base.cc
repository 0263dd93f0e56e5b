#include "src/connection/connection_base.h"

#include <string>
#include <utility>

#include "src/connection/violations.h"
#include "src/wire/limits.h"

namespace piperpc::connection {

using wire::FrameKind;

ConnectionBase::ConnectionBase(std::unique_ptr<transport::Pipe> pipe, const Setup& setup)
    : pipe_(std::move(pipe)),
      max_packet_(setup.max_packet_bytes),
      output_limit_(setup.output_limit),
      outbox_(setup.buffers, setup.counted) {}

void ConnectionBase::SendGoaway(const absl::Status& status, std::uint64_t last_call_id) {
  going_away_ = true;
  const std::string payload = wire::EncodeGoaway({status, last_call_id});
  Send({.kind = FrameKind::kGoaway}, payload);
}

void ConnectionBase::SendLastGoaway(const absl::Status& status, std::uint64_t last_call_id) {
  outbox_.Add({.kind = FrameKind::kGoaway}, wire::EncodeGoaway({status, last_call_id}));
  outbox_.Flush(*pipe_).IgnoreError();
}

void ConnectionBase::TellWritable() {
  writable_wanted_ = false;
  OnWritable();
}

absl::Status ConnectionBase::OnFirstFrame(const wire::Frame& frame) {
  if (frame.header.kind != FrameKind::kHello) return FirstFrameIsNotHello(frame.header.kind);
  const auto hello = wire::DecodeHello(frame.payload);
  peer_is_known_ = hello.ok() || wire::HasMagic(frame.payload);
  if (!hello.ok()) return hello.status();
  const auto version = wire::ChooseVersion(*hello);
  if (!version.ok()) return version.status();
  return OnHello(*hello, *version);
}

void ConnectionBase::TakeHello(const wire::Hello& hello) {
  peer_limits_ = LimitsOf(hello, pipe_->max_packet_bytes());
  outbox_.set_max_packet(peer_limits_.max_packet_bytes);
  hello_received_ = true;
  state_ = State::kOpen;
}

absl::Status ConnectionBase::OnControlFrame(const wire::Frame& frame) {
  switch (frame.header.kind) {
    case FrameKind::kPing:
      return OnPing(frame);
    case FrameKind::kPong:
      return absl::OkStatus();
    case FrameKind::kGoaway:
      return DecodeGoaway(frame);
    case FrameKind::kHello:
      return SecondHello();
    default:
      if (frame.header.optional() && wire::IsUnknown(frame.header.kind)) return absl::OkStatus();
      return UnexpectedFrame(frame.header);
  }
}

absl::Status ConnectionBase::OnPing(const wire::Frame& frame) {
  if (frame.payload.size() > wire::kMaxPingBytes) return PingTooLarge(frame.payload.size());
  Send({.kind = FrameKind::kPong}, frame.payload);
  return OnPinged();
}

absl::Status ConnectionBase::DecodeGoaway(const wire::Frame& frame) {
  const auto goaway = wire::DecodeGoaway(frame.payload);
  if (!goaway.ok()) return goaway.status();
  peer_is_known_ = true;
  return OnGoaway(*goaway, std::exchange(peer_going_away_, true));
}

}  // namespace piperpc::connection
