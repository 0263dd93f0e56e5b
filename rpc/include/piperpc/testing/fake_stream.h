// A stream of a client in the hands of a test: what a mock of a streaming method returns.
//
//     piperpc::testing::FakeStream<WatchRequest, Event> stream;
//     stream.Reply(event);
//     stream.End(absl::UnavailableError("the server is going"));
//     MockWatcherClient client;
//     EXPECT_CALL(client, Watch).WillOnce(Return(stream.reader()));
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/client.h"
#include "piperpc/internal/codec.h"
#include "piperpc/testing/internal/fake_client_stream.h"
#include "piperpc/testing/internal/message_bytes.h"

namespace piperpc::testing {

// Any thread. Writers never wait. Who reads, and waits for more than a minute, gets
// DEADLINE_EXCEEDED. Callbacks run on the thread that calls Reply(), Respond() or End(), or in
// place.
template <typename Request, typename Response>
class FakeStream {
 public:
  FakeStream() = default;
  // Where it has not ended, the server is gone: UNAVAILABLE.
  ~FakeStream() { End(absl::UnavailableError("the test's FakeStream has gone away")); }
  FakeStream(const FakeStream&) = delete;
  FakeStream& operator=(const FakeStream&) = delete;

  // --- What the server does. ---

  void Reply(const Response& message) {
    stream_->Reply(internal::BytesOf(internal::OutMessage::Of(message)));
  }
  void End(absl::Status status = absl::OkStatus()) { stream_->End(std::move(status)); }

  // Of a method with one response: that, or an error.
  void Respond(const absl::StatusOr<Response>& response) {
    if (response.ok()) Reply(*response);
    End(response.status());
  }

  // --- What the client has done. ---

  std::vector<Request> written() const {
    std::vector<Request> messages;
    for (const std::string& bytes : stream_->written()) {
      internal::ParseMessage(bytes, messages.emplace_back());
    }
    return messages;
  }
  bool writes_done() const { return stream_->writes_done(); }

  // Or it has let go of what it was given before the end.
  bool cancelled() const { return stream_->cancelled(); }

  // --- For the client, by the type of its method; one of them, once. ---

  ClientReader<Response> reader() { return ClientReader<Response>(Share()); }
  ClientWriter<Request, Response> writer() {
    stream_->HoldReplies();
    return ClientWriter<Request, Response>(Share());
  }
  ClientReaderWriter<Request, Response> reader_writer() {
    return ClientReaderWriter<Request, Response>(Share());
  }

 private:
  std::shared_ptr<internal::ClientStream> Share() {
    return internal::FakeClientStream::Share(stream_);
  }

  const std::shared_ptr<internal::FakeClientStream> stream_ =
      std::make_shared<internal::FakeClientStream>();
};

}  // namespace piperpc::testing
