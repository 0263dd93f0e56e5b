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
      memory_(host.core().connection_share, "parse_budget_per_connection", user.budget),
      reply_memory_(host, user, *this) {}

void CallConnection::SendMessage(const wire::FrameHeader& header,
                                 const internal::OutMessage& message) {
  if (pipe_is_closing()) return;
  outbox().AddMessage(header, message);
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
    SendMessage(header, *response);
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
  if (*result != transport::SendResult::kWouldBlock) reply_memory_.OnTaken();
}

void CallConnection::ShrinkReplyMemory() {
  const std::size_t queued = outbox().queued_bytes();
  reply_memory_.Shrink(queued > output_limit() ? queued - output_limit() : 0);
}

}  // namespace piperpc::server
