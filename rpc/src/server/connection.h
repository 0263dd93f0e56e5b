// One connection of the server: joins the bytes of its pipe to frames, and frames to calls.
//
// While it is open it may be draining: a goaway was sent, no new calls are taken, and it closes
// when the last one has ended. Everything runs on the host's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/internal/codec.h"
#include "piperpc/session_state.h"
#include "src/base/clock.h"
#include "src/base/id_table.h"
#include "src/base/linked_queue.h"
#include "src/base/memory.h"
#include "src/server/call.h"
#include "src/server/call_connection.h"
#include "src/server/errors.h"
#include "src/transport/event_loop.h"
#include "src/transport/pipe.h"
#include "src/wire/control.h"
#include "src/wire/frame.h"
#include "src/wire/metadata.h"

namespace piperpc::server {

class Connection final : public CallConnection,
                         public base::QueueLink<Connection>,
                         private transport::Pipe::Delegate,
                         private transport::EventLoop::Timer {
 public:
  // `user`: what its user has; outlives it. `number`: of the host's, in the order in which they
  // come.
  Connection(ConnectionHost& host, std::unique_ptr<transport::Pipe> pipe, UserPart& user,
             std::uint64_t number);
  ~Connection();  // After the host was told OnClosed().

  // Begins to serve. Once.
  void Open();

  // Tells the client why with a goaway, stops all calls, and closes. The client gets up to
  // transport::kDrainLimit to read it.
  void Fail(absl::Status reason);

  // The same, for a client that is not admitted; it is told apart in the log.
  void Refuse(absl::Status reason);

  // Takes no new calls, tells the client so, and closes when those in flight have ended: at once
  // where the client has read all there was, as nobody may be reading there at the moment.
  void Drain();

  // The time for calls in flight is over: stops them. What was sent gets transport::kDrainLimit to
  // be read, once no call is left.
  void EndGrace(const absl::Status& reason);

  // Ends the calls that are left, by force; describes each.
  std::vector<std::string> AbortCalls();

  // Describes them, and ends the connection with `reason` instead; the handlers go on.
  std::vector<std::string> CutOffCalls(const absl::Status& reason);

  // It is next of its user's connections: it continues to read.
  void OnNext();

  std::uint64_t number() const { return number_; }

  // What there is to say of it at this moment.
  ConnectionInfo Describe() const;

  // What the client was told of its end; OK when nothing was, or no more than that.
  absl::StatusCode end_code() const { return static_cast<absl::StatusCode>(end_code_); }
  base::TimePoint opened_at() const { return opened_at_; }

  void OnEnded(Call& call) override;

 private:
  // transport::Pipe::Delegate
  void OnReceive(transport::Bytes packet) override;
  void OnReceiveError(absl::Status status) override;
  void OnSent(absl::Status status) override;

  void OnIterationEnd() override;
  void OnTimer() override;

  // Each event of the connection runs in here. What the system has no memory for, and no single
  // call can bear, ends the connection.
  template <typename Event>
  void Run(Event event) {
    base::RunInMemory(event, [this] { OnNoMemory(); });
  }
  void OnNoMemory();

  // Frames. An error is a violation of the protocol.
  absl::Status OnPacket(transport::Bytes packet);
  absl::Status OnFrames(transport::Bytes frames, base::TimePoint now);
  bool IsTimeForOthers(bool shared, base::TimePoint now);
  bool MayReadMoreFrames();
  bool MayTake(const wire::FrameHeader& header);
  bool MayBeginCall() const;
  absl::Status KeepForLater(transport::Bytes frames);
  void ReadKept();
  void ReadKeptFrames();
  absl::Status OnFrame(const wire::Frame& frame);
  absl::Status OnHello(const wire::Hello& hello, std::uint32_t version) override;
  absl::Status OnRequest(const wire::Frame& frame);
  absl::Status OnNewCall(const wire::Frame& frame);
  void Refuse(const wire::FrameHeader& header, absl::Status refusal);
  const Dispatcher::Entry* FindMethod(std::string_view name);
  absl::Status StartCall(const wire::Frame& frame);
  absl::Status OnCallFrame(const wire::Frame& frame);
  void OnCancel(Call& call);
  absl::Status OnGoaway(const wire::Goaway& goaway, bool again) override;
  absl::Status Refusal(const wire::FrameHeader& header, const Dispatcher::Entry* entry) const;

  bool has_calls() const { return starting_ != nullptr || !calls_.empty(); }
  std::vector<Call*> CallsInOrder();
  void OnWritable() override;
  // Not from inside a call. Nearly always there is none: to see that is done in line.
  void DestroyEndedCalls() {
    while (ended_calls_ != nullptr) {
      const std::unique_ptr<Call> gone = std::move(ended_calls_);
      ended_calls_ = gone->TakeNextEnded();
    }
  }
  bool MayContinueReading() const;
  void ContinueReading();
  void ContinueReadingWhenNext();
  void EndIteration();
  void OnTimeOver();
  void OnPipeLost(const absl::Status& cause) override;
  void OnReplyTimer() override;
  void OnRepliesNotRead();
  void NoteUndelivered();
  void Close(transport::CloseMode mode);
  void StopCalls(const absl::Status& reason);
  void End(std::string_view event, absl::Status reason);
  void EndDrain();
  void LimitClosing();
  void CloseWhenDone();

  const std::uint64_t number_;
  const base::TimePoint opened_at_;
  bool idle_ = false;      // The client had no call, and had read everything, when it was to drain.
  bool draining_ = false;  // The server shuts down.
  bool grace_over_ = false;
  bool receiving_ = false;
  std::uint8_t end_code_ = 0;
  bool kept_waits_ = false;  // For responses to be sent: kept_ begins with a call above the limit.

  std::uint64_t received_bytes_ = 0;
  std::uint64_t last_call_id_ = 0;
  const Dispatcher::Entry* last_method_ = nullptr;
  base::TimePoint packet_time_;  // When the packet that is looked at came.
  // The call that is not yet in the table, if it will ever be. Where there was no memory for that,
  // it stays here until its handler has ended: no other call is begun then.
  std::unique_ptr<Call> starting_;
  base::IdTable<Call> calls_;          // It owns them.
  std::unique_ptr<Call> ended_calls_;  // The first of them, which owns the others.

  // Reads on, in a later iteration of the loop.
  class KeptFrames final : public transport::EventLoop::Timer {
   public:
    explicit KeptFrames(Connection& connection) : connection_(connection) {}
    ~KeptFrames() { Clear(); }
    bool empty() const { return begin_ == bytes_.size(); }
    transport::Bytes frames() const {
      return transport::Bytes(bytes_.data(), bytes_.size()).subspan(begin_);
    }
    // `frames`: of a packet, or the end of frames(). They count in the user's queue until Clear().
    // True: they did not before.
    bool Keep(transport::Bytes frames);
    base::TimePoint since() const { return since_; }      // That the first of them waits.
    void Advance(std::size_t bytes) { begin_ += bytes; }  // They have been looked at.
    void Clear();

   private:
    void OnTimer() override { connection_.ReadKept(); }

    Connection& connection_;
    connection::PacketBuffer bytes_;
    std::size_t begin_ = 0;
    std::size_t waiting_ = 0;  // Where the frame stands that waits.
    base::TimePoint since_;
  };
  bool has_kept() const { return kept_ != nullptr && !kept_->empty(); }
  std::unique_ptr<KeptFrames> kept_;  // Null until there are any.
};

}  // namespace piperpc::server
