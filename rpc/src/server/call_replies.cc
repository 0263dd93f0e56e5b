// How a call's replies go out: those of a stream when there is credit, and the last one with the
// status.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/thunks.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/server/call.h"
#include "src/server/call_connection.h"
#include "src/server/errors.h"
#include "src/server/reply.h"

namespace piperpc::server {

void Call::OnCredit(std::uint64_t bytes) {
  send_credit_.Add(bytes);
  OnWritable();
}

void Call::OnWritable() {
  if (!producer_ || ended_) return;
  if (!may_send()) return connection_.WantWritable();  // Others have filled it again.
  SendYielded(*yielded_);
  if (producer_ && !ended_) std::exchange(producer_, nullptr).resume();
}

bool Call::Fits(const internal::OutMessage& reply) const {
  return connection_.peer_limits().Takes(reply.size()) && !reply.too_deep();
}

absl::Status Call::WhyNot(const internal::OutMessage& reply) const {
  if (!connection_.peer_limits().Takes(reply.size())) {
    return ReplyTooLarge(reply.size(), connection_.peer_limits().max_message_bytes);
  }
  return internal::TooDeepToSend(absl::StatusCode::kInternal,
                                 absl::StrCat("a reply of ", base::ToAbsl(method())), reply.size());
}

bool Call::may_send() const { return send_credit_.may_send() && connection_.writable(); }

// It may stop and end the call, where the pipe breaks, or without memory for the message: then
// there is no producer any more.
void Call::SendYielded(const internal::OutMessage& message) {
  if (absl::Status room = connection_.TakeForReply(message.size()); !room.ok()) {
    return Stop(std::move(room));
  }
  send_credit_.Spend(message.size());
  if (counted()) [[unlikely]]
    CountSent(message.size());
  base::RunInMemory([&] { connection_.SendMessage(id_, message); },
                    [&] { StopWithoutMemory("a message", message.size()); });
}

// A message waits for credit before it is sent, not after: so a stream that has ended never waits.
bool Call::Put(const internal::OutMessage& message, std::coroutine_handle<> producer,
               internal::AtStop at_stop) {
  const bool resumes = at_stop == internal::AtStop::kResume;
  if (ended_) return resumes;
  if (stopped_.ok()) {
    if (!Fits(message)) {
      Stop(WhyNot(message));
    } else if (may_send()) {
      SendYielded(message);
    } else {
      yielded_ = message;
      connection_.WantWritable();
      producer_ = producer;
      at_stop_ = at_stop;
      return false;
    }
  }
  if (stopped_.ok()) return true;
  if (!resumes) Finish(stopped_);
  return resumes;
}

void Call::FinishWith(const internal::OutMessage& response) {
  absl::Status status =
      Fits(response) ? connection_.TakeForReply(response.size()) : WhyNot(response);
  EndWith(std::move(status), &response);
}

void Call::EndWith(absl::Status status, const internal::OutMessage* response) {
  if (ended_) return;
  ended_ = true;
  if (!stopped_.ok()) status = stopped_;
  producer_ = nullptr;
  LetGo();
  base::RunInMemory([&] { Respond(status, response); },
                    [&] { RespondWithoutMemory(status, response); });
  if (counted()) [[unlikely]] {
    if (response != nullptr && status.ok()) CountSent(response->size());
    CountEnd(status);
  }
  middleware_.After(connection_.core(), *this, status);
  if (named_at_end_) NameAtEnd();
  connection_.OnEnded(*this);
}

void Call::RespondWithoutMemory(absl::Status& status, const internal::OutMessage* response) {
  const std::size_t size = SizeOf(response);
  connection_.LogNoMemory(method(), "a reply", size);
  status = base::OutOfMemory("a reply", size);
  connection_.SendStatusOrClose(id_, status);
}

void Call::NameAtEnd() {
  base::RunSilently([&] { connection_.host().AddStopped(Describe()); });
}

void Call::Respond(absl::Status& status, const internal::OutMessage* response) {
  std::string trailers;
  if (has_trailers_.load(std::memory_order_acquire)) status.Update(EncodeTrailers(trailers));
  if (!status.ok()) LogIfCut(connection_.core(), *this, status);
  connection_.SendResponse(id_, status, trailers, response);
}

// Of a reply: with its trailers.
std::size_t Call::SizeOf(const internal::OutMessage* response) {
  std::size_t size = response == nullptr ? 0 : response->size();
  const internal::MutexLock lock(mutex_);
  for (const auto& [key, value] : trailers_) size += key.size() + value.size();
  return size;
}

absl::Status Call::EncodeTrailers(std::string& trailers) {
  const internal::MutexLock lock(mutex_);
  return server::EncodeTrailers(connection_.core(), *this, trailers_,
                                connection_.peer_limits().max_metadata_bytes, trailers);
}

}  // namespace piperpc::server
