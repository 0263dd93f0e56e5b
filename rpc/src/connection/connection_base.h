// What a connection is on both sides: a pipe, what waits to be sent on it, the two Hellos, pings,
// goaways, and how far it is on the way to its end. The calls are what a side adds.
//
// Not thread-safe: the side decides which thread, or whose lock, all of it belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/codec.h"
#include "piperpc/peer.h"
#include "src/connection/outbox.h"
#include "src/connection/peer_limits.h"
#include "src/connection/violations.h"
#include "src/transport/pipe.h"
#include "src/wire/control.h"
#include "src/wire/frame.h"

namespace piperpc::connection {

class ConnectionBase {
 public:
  enum class State {
    kAwaitingHello,  // The peer's.
    kOpen,
    kEnding,   // No frame is looked at any more. What was queued may still be sent.
    kClosing,  // The pipe is being closed; nothing is sent any more.
    kClosed,   // The pipe is closed.
  };

  ConnectionBase(const ConnectionBase&) = delete;
  ConnectionBase& operator=(const ConnectionBase&) = delete;

  const Peer& peer() const { return pipe_->peer(); }

  const PeerLimits& peer_limits() const { return peer_limits_; }
  bool hello_received() const { return hello_received_; }

  // False: streams should wait, after WantWritable(); OnWritable() follows.
  bool writable() const { return outbox_.queued_bytes() < output_limit_; }
  void WantWritable() { writable_wanted_ = writable_wanted_ || !writable(); }

  // Queues a frame that is small by nature; nothing when the pipe is being closed. Throws
  // std::bad_alloc.
  void Send(const wire::FrameHeader& header, wire::Bytes payload = {}) {
    if (pipe_is_closing()) return;
    outbox_.Add(header, payload);
    FlushSoon();
  }

 protected:
  struct Setup {
    const BufferSource& buffers;       // Outlives the connection.
    wire::FrameKind counted;           // See Outbox.
    std::size_t max_packet_bytes = 0;  // What this side takes.
    std::size_t output_limit = 0;      // writable() below that.
  };

  ConnectionBase(std::unique_ptr<transport::Pipe> pipe, const Setup& setup);
  ~ConnectionBase() = default;

  transport::Pipe& pipe() { return *pipe_; }
  Outbox& outbox() { return outbox_; }
  const Outbox& outbox() const { return outbox_; }
  std::size_t output_limit() const { return output_limit_; }

  State state() const { return state_; }
  bool ending() const { return state_ >= State::kEnding; }
  bool pipe_is_closing() const { return state_ >= State::kClosing; }
  void BeginEnding() {
    if (!ending()) state_ = State::kEnding;
  }

  // This side has said that it takes no new calls.
  bool going_away() const { return going_away_; }

  // The peer has.
  bool peer_going_away() const { return peer_going_away_; }

  // What it sent is what a peer sends that speaks this protocol.
  bool peer_is_known() const { return peer_is_known_; }

  // Tells the peer: with OK that no new calls are taken, else why the connection ends.
  // `last_call_id`: see PROTOCOL.md, "GOAWAY".
  void SendGoaway(const absl::Status& status, std::uint64_t last_call_id);

  // The same, for a connection that ends now: what the pipe does not take at once is not sent.
  void SendLastGoaway(const absl::Status& status, std::uint64_t last_call_id);

  // The pipe is closed now or soon, and nothing is sent any more.
  void BeginClosing() { state_ = State::kClosing; }

  // The pipe is closed.
  void EndClosing() { state_ = State::kClosed; }

  // Tells those that asked for it that there is room again, if there is.
  void NotifyWritable() {
    if (writable_wanted_ && writable()) TellWritable();
  }

  // --- What came. An error is a violation of the protocol. ---

  // Before its frames are looked at.
  absl::Status CheckPacket(transport::Bytes packet) const {
    if (packet.size() <= max_packet_) return absl::OkStatus();
    return PacketTooLarge(packet.size(), max_packet_);
  }

  // The one that must be a Hello.
  absl::Status OnFirstFrame(const wire::Frame& frame);

  // All that is not of a call: pings, goaways, what may be ignored, and what may not come.
  absl::Status OnControlFrame(const wire::Frame& frame);

  // The peer's limits are these from now on; the connection is open. In OnHello().
  void TakeHello(const wire::Hello& hello);

 private:
  // --- What the sides do in their own ways. ---

  // Something is queued that is to be sent: at the latest when this iteration of the loop ends.
  virtual void FlushSoon() = 0;

  virtual void OnWritable() = 0;

  // The peer's Hello is a good one, of which both sides know `version`: TakeHello() is due.
  virtual absl::Status OnHello(const wire::Hello& hello, std::uint32_t version) = 0;

  // `again`: not the first one.
  virtual absl::Status OnGoaway(const wire::Goaway& goaway, bool again) = 0;

  // The answer to a ping is queued.
  virtual absl::Status OnPinged() { return absl::OkStatus(); }

  void TellWritable();
  absl::Status OnPing(const wire::Frame& frame);
  absl::Status DecodeGoaway(const wire::Frame& frame);

  const std::unique_ptr<transport::Pipe> pipe_;
  const std::size_t max_packet_;
  const std::size_t output_limit_;
  Outbox outbox_;
  PeerLimits peer_limits_;
  State state_ = State::kAwaitingHello;
  bool hello_received_ = false;
  bool peer_is_known_ = false;
  bool going_away_ = false;
  bool peer_going_away_ = false;
  bool writable_wanted_ = false;
};

}  // namespace piperpc::connection
