// A connection of the simulated transport: two queues of packets, which are late, full, or cut off
// as the seed says. Its two pipes share it.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "simulation/link_record.h"
#include "simulation/world.h"
#include "src/transport/event_loop.h"
#include "src/transport/pipe.h"
#include "support/sent_packets.h"

namespace piperpc::simulation {

enum Side : std::size_t { kClient = 0, kServer = 1 };
constexpr Side Other(Side side) { return side == kClient ? kServer : kClient; }

class Link : public std::enable_shared_from_this<Link> {
 public:
  // `record`: what the model is told of it. The world outlives it.
  Link(World& world, std::shared_ptr<LinkRecord> record)
      : world_(world), record_(std::move(record)) {}

  // --- What a pipe does; see pipe.h. ---

  void Attach(Side side, transport::EventLoop& loop, transport::Pipe::Delegate& delegate);
  void Receive(Side side);
  absl::StatusOr<transport::SendResult> Send(Side side, std::span<const transport::Bytes> slices);
  absl::StatusOr<std::size_t> ReceiveUntil(Side side, std::span<char> buffer,
                                           base::TimePoint deadline);
  bool AllRead(Side side) const { return ends_[Other(side)].inbox.empty(); }
  void Close(Side side, transport::CloseMode mode, absl::AnyInvocable<void()> closed);

  // The pipe is gone.
  void LetGo(Side side);

 private:
  struct Packet {
    base::TimePoint at;  // When it is there.
    std::string bytes;
  };
  struct End {
    bool open = true;
    transport::EventLoop* loop = nullptr;
    transport::Pipe::Delegate* delegate = nullptr;
    bool receiving = false;
    bool sending = false;
    std::vector<transport::Bytes> pending;  // Of a send that waits.
    base::TimePoint stalled_until;          // What it sends does not fit before.

    std::deque<Packet> inbox;
    std::size_t inbox_bytes = 0;
    base::TimePoint last_at;     // When the last packet is there, or the end.
    bool inbox_ended = false;    // No packet follows.
    absl::Status receive_error;  // Not OK: memory was refused for one.
  };

  bool Readable(Side side) const;
  bool HasRoom(Side side, std::size_t size) const;
  absl::StatusOr<std::string> Take(Side side);
  absl::Status EndOfInbox(Side side) const;

  void Put(Side side, std::string packet);
  void PutWrongly(Side side, std::string packet);
  void Arrive(Side to, std::string packet);
  void Break(const char* why);
  void EndInbox(Side side, bool may_lose);
  void Stall(Side side);

  void WakeReader(Side side);
  void WakeWriter(Side side);
  void WakeAt(base::TimePoint when);
  void FinishReceive(Side side);
  void FinishSend(Side side);

  World& world_;
  const std::shared_ptr<LinkRecord> record_;
  std::array<End, 2> ends_;
  bool broken_ = false;
  std::array<testing::SentPackets, 2> sent_{
      testing::SentPackets(testing::SentPackets::From::kClient),
      testing::SentPackets(testing::SentPackets::From::kServer)};
};

}  // namespace piperpc::simulation
