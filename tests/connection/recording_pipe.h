// A pipe whose other end is the test: keeps the packets, and answers each Send() as told.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "src/transport/pipe.h"
#include "src/wire/frame.h"

namespace piperpc {

class RecordingPipe final : public transport::Pipe {
 public:
  // A frame that was sent, with copies of what the tests look at.
  struct Sent {
    wire::FrameKind kind;
    std::uint64_t call_id;
    bool more;
    std::uint64_t message_size;
    std::string method;
    std::string metadata;
    bool has_status;
    std::string payload;
  };

  std::deque<transport::SendResult> answers;  // For the next sends; then kSent.
  absl::Status error;                         // When not OK: of every send.
  std::vector<std::string> packets;

  std::vector<std::vector<Sent>> Frames() const {
    std::vector<std::vector<Sent>> result;
    for (const std::string& packet : packets) result.push_back(Decode(packet));
    return result;
  }

  // The bytes that a pending send still refers to.
  std::string PendingBytes() const { return Join(pending_); }

  void Attach(transport::EventLoop&, Delegate&) override {}
  void Receive() override {}
  absl::StatusOr<transport::SendResult> Send(std::span<const transport::Bytes> slices) override {
    if (!error.ok()) return error;
    transport::SendResult answer = transport::SendResult::kSent;
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    pending_.assign(slices.begin(), slices.end());
    if (answer != transport::SendResult::kWouldBlock) packets.push_back(Join(pending_));
    return answer;
  }
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char>, base::TimePoint) override {
    return absl::UnimplementedError("this pipe only sends");
  }
  void Close(transport::CloseMode, absl::AnyInvocable<void()> closed) override { closed(); }
  const Peer& peer() const override { return peer_; }

 private:
  static std::string Join(const std::vector<transport::Bytes>& slices) {
    std::string bytes;
    for (const transport::Bytes slice : slices) bytes.append(slice.data(), slice.size());
    return bytes;
  }
  static std::vector<Sent> Decode(const std::string& packet) {
    std::vector<Sent> frames;
    wire::PacketReader reader(packet);
    while (!reader.done()) {
      wire::Frame frame;
      if (!reader.Next(frame)) break;
      const wire::FrameHeader& header = frame.header;
      frames.push_back({header.kind, header.call_id, header.more(), header.message_size,
                        std::string(header.method), std::string(header.metadata), header.has_status,
                        std::string(frame.payload.begin(), frame.payload.end())});
    }
    return frames;
  }

  std::vector<transport::Bytes> pending_;
  Peer peer_;
};

}  // namespace piperpc
