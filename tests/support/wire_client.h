// A client that speaks frames by hand: for tests of what a server does with good and bad ones.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/endpoint.h"
#include "src/transport/transport.h"
#include "src/wire/control.h"
#include "src/wire/frame.h"
#include "src/wire/status.h"
#include "support/call_frames.h"

namespace piperpc::testing {

// A frame that owns its bytes.
struct OwnedFrame {
  wire::FrameKind kind{};
  std::uint64_t call_id = 0;
  std::uint32_t flags = 0;
  std::uint64_t credit = 0;
  std::uint64_t message_size = 0;
  absl::Status status;
  std::string metadata;
  std::string payload;
};

class WireClient {
 public:
  WireClient(transport::Transport& transport, std::string_view endpoint) {
    auto pipe = transport.Connect(*Endpoint::Parse(endpoint), {.deadline = Limit()});
    EXPECT_TRUE(pipe.ok()) << pipe.status();
    if (pipe.ok()) pipe_ = *std::move(pipe);
  }
  explicit WireClient(std::unique_ptr<transport::Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~WireClient() { Close(); }

  void Close() {
    if (pipe_ != nullptr) pipe_->Close(transport::CloseMode::kAbort, [] {});
    pipe_.reset();
  }

  void Send(std::initializer_list<std::string> frames) {
    std::string packet;
    for (const std::string& frame : frames) packet += frame;
    const absl::Status sent = TrySend(packet);
    ASSERT_TRUE(sent.ok()) << sent;
  }

  absl::Status TrySend(std::string_view packet) { return TrySend(packet, Limit()); }

  // UNAVAILABLE: the server has closed. DEADLINE_EXCEEDED: it has not read by `limit`; a limit that
  // has passed allows one attempt.
  absl::Status TrySend(std::string_view packet, base::TimePoint limit) {
    const transport::Bytes slices[] = {packet};
    for (;;) {
      const auto sent = pipe_->Send(slices);
      if (!sent.ok()) return sent.status();
      if (*sent == transport::SendResult::kSent) return absl::OkStatus();
      if (base::Clock::now() >= limit)
        return absl::DeadlineExceededError("the server does not read");
      std::this_thread::yield();
    }
  }

  absl::StatusOr<OwnedFrame> Next() { return Next(Limit()); }

  // The next frame, whatever it is. UNAVAILABLE: the server has closed. DEADLINE_EXCEEDED: none has
  // come by then. INTERNAL, here and below: what came is no frame.
  absl::StatusOr<OwnedFrame> Next(base::TimePoint limit) {
    // One for all, because there may be thousands of clients.
    thread_local std::vector<char> buffer(transport::kMaxPacketBytes);
    while (frames_.empty()) {
      auto size = pipe_->ReceiveUntil(buffer, limit);
      if (!size.ok()) return size.status();
      if (absl::Status damage = Split(wire::Bytes(buffer).first(*size)); !damage.ok()) {
        return absl::InternalError(damage.message());
      }
    }
    OwnedFrame frame = std::move(frames_.front());
    frames_.pop_front();
    return frame;
  }

  // The next frame that is not the server's Hello.
  OwnedFrame NextAfterHello() {
    for (;;) {
      auto frame = Next();
      EXPECT_TRUE(frame.ok()) << frame.status();
      if (!frame.ok()) return {};
      if (frame->kind != wire::FrameKind::kHello) return *std::move(frame);
    }
  }

  // Reads to the end, and gives the status of the goaway that came before it.
  absl::Status Goaway() {
    absl::Status reason = absl::UnknownError("no goaway came");
    for (;;) {
      auto frame = Next();
      if (!frame.ok()) return absl::IsUnavailable(frame.status()) ? reason : frame.status();
      if (frame->kind != wire::FrameKind::kGoaway) continue;
      auto goaway = wire::DecodeGoaway(frame->payload);
      if (!goaway.ok()) return absl::InternalError(goaway.status().message());
      reason = goaway->status;
    }
  }

 private:
  static base::TimePoint Limit() { return base::After(std::chrono::seconds(20)); }

  absl::Status Split(wire::Bytes packet) {
    for (wire::PacketReader reader(packet); !reader.done();) {
      wire::Frame frame;
      if (!reader.Next(frame)) return reader.damage();
      const wire::FrameHeader& header = frame.header;
      OwnedFrame owned{.kind = header.kind,
                       .call_id = header.call_id,
                       .flags = header.flags,
                       .credit = header.credit,
                       .message_size = header.message_size,
                       .status = {},
                       .metadata = std::string(header.metadata),
                       .payload = std::string(frame.payload.data(), frame.payload.size())};
      absl::Status damage;
      if (header.has_status) damage = wire::DecodeStatus(header.status, owned.status);
      if (!damage.ok()) return damage;
      frames_.push_back(std::move(owned));
    }
    return absl::OkStatus();
  }

  std::unique_ptr<transport::Pipe> pipe_;
  std::deque<OwnedFrame> frames_;
};

}  // namespace piperpc::testing
