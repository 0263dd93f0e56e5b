#include "src/server/call_connection.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/wire/status.h"

namespace piperpc::server {

CallConnection::CallConnection(ConnectionHost& host, std::unique_ptr<transport::Pipe> pipe,
                               UserPart& user)
    : connection::ConnectionBase(std::move(pipe),
                                 {.buffers = host.buffer_source(),
                                  .counted = wire::FrameKind::kResponse,
                                  .max_packet_bytes = host.core().options.max_packet_bytes,
                                  .output_limit = host.core().options.output_queue_bytes}),
      host_(host),
      user_(user),
      memory_(host.core().connection_share, "parse_budget_per_connection", user.budget) {}

absl::Status CallConnection::TakeAboveQueue(std::size_t above, std::size_t message_size) {
  return base::RunInMemory(
      [&] {
        ReplyMemory::Delegate& delegate = *this;
        if (reply_memory_ == nullptr) {
          reply_memory_ = std::make_unique<ReplyMemory>(host_, user_, delegate);
        }
        return reply_memory_->Take(above, message_size);
      },
      [&] { return base::OutOfMemory("a reply", message_size); });
}

void CallConnection::SendMessage(std::uint64_t call_id, const internal::OutMessage& message) {
  if (pipe_is_closing()) return;
  outbox().AddMessage(call_id, message);
  OnQueued();
}

void CallConnection::OnQueued() {
  // A full packet need not wait for the end of the iteration.
  if (outbox().queued_bytes() >= peer_limits().max_packet_bytes) Flush();
  WantWritable();  // For the calls that wait for their turn to send.
  loop().Defer(*this);
}

void CallConnection::SendResponse(std::uint64_t call_id, const absl::Status& status,
                                  std::string_view trailers, const internal::OutMessage* response) {
  if (pipe_is_closing()) return;
  std::string encoded;
  if (!status.ok()) encoded = wire::EncodeStatus(status);
  const wire::FrameHeader header{.kind = wire::FrameKind::kResponse,
                                 .call_id = call_id,
                                 .metadata = trailers,
                                 .status = encoded,
                                 .has_status = !status.ok()};
  if (response != nullptr && status.ok()) {
    outbox().AddMessage(header, *response);
    OnQueued();
  } else {
    Send(header);
  }
}

void CallConnection::SendStatusOrClose(std::uint64_t call_id, const absl::Status& status) {
  base::RunInMemory([&] { SendResponse(call_id, status, {}, nullptr); },
                    [this] {
                      unanswered_ = true;
                      loop().Defer(*this);
                    });
}

void CallConnection::LogNoMemory(std::string_view method, std::string_view what,
                                 std::optional<std::size_t> bytes) {
  core().Log(LogLevel::kError, "out of memory", [&] {
    return WithPeer(peer(),
                    {{"method", std::string(method)},
                     {"cause", bytes ? absl::StrCat(base::ToAbsl(what), " of ", *bytes, " bytes")
                                     : std::string(what)}});
  });
}

void CallConnection::Flush() {
  if (pipe_is_closing() || outbox().sending() || outbox().empty()) return;
  auto result = outbox().Flush(pipe());
  if (!result.ok()) return OnPipeLost(result.status());
  if (*result != transport::SendResult::kWouldBlock) OnTaken();
}

void CallConnection::ShrinkReplyMemory() {
  const std::size_t queued = outbox().queued_bytes();
  reply_memory_->Shrink(queued > output_limit() ? queued - output_limit() : 0);
}

}  // namespace piperpc::server
