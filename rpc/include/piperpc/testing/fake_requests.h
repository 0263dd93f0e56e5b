// A stream of requests in the hands of a test, for handlers that FakeServerContext runs.
//
//     piperpc::testing::FakeServerContext context;
//     piperpc::testing::FakeRequests<Part> parts(context, {first, second});
//     EXPECT_THAT(context.Run(service.CoUpload(context, parts.reader())), IsOk());
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/testing/internal/message_bytes.h"

namespace piperpc {

namespace internal {

// Requests that have been serialised. Any thread.
class FakeInbox {
 public:
  explicit FakeInbox(std::stop_token stop);
  ~FakeInbox();
  FakeInbox(const FakeInbox&) = delete;
  FakeInbox& operator=(const FakeInbox&) = delete;

  void Add(std::string bytes);
  void End();
  InboundStream& stream();

 private:
  class Stream;
  const std::shared_ptr<Stream> stream_;
};

}  // namespace internal

namespace testing {

// Must outlive the handler. Ends, for the handler, when the call is cancelled.
template <typename Request>
class FakeRequests {
 public:
  // Requests that the test sends while the handler runs.
  explicit FakeRequests(ServerContext& context) : inbox_(context.stop_token()) {}

  // These, and then the end.
  FakeRequests(ServerContext& context, const std::vector<Request>& requests)
      : FakeRequests(context) {
    for (const Request& request : requests) Send(request);
    End();
  }

  // What the client does. Any thread. Nothing is taken after End().
  void Send(const Request& request) {
    inbox_.Add(internal::BytesOf(internal::OutMessage::Of(request)));
  }
  void End() { inbox_.End(); }

  // For the handler, once.
  CoReader<Request> reader() { return CoReader<Request>(inbox_.stream()); }

 private:
  internal::FakeInbox inbox_;
};

}  // namespace testing
}  // namespace piperpc
