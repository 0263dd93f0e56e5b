// A program that is compiled without exceptions and type information, as its generated code is.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "in.piperpc.h"
#include "piperpc/async.h"
#include "piperpc/channel.h"
#include "piperpc/in_process.h"
#include "piperpc/server.h"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "This test is compiled with -fno-exceptions and -fno-rtti."
#endif

namespace piperpc {
namespace {

using shapes::v1::GetRequest;
using shapes::v1::GetResponse;

GetResponse ResponseWith(const std::string& text) {
  GetResponse response;
  response.set_text(text);
  return response;
}

class Shapes final : public shapes::v1::ShapesService {
 public:
  Task<absl::StatusOr<GetResponse>> CoGet(ServerContext&, GetRequest request) override {
    if (request.text().empty()) co_return absl::InvalidArgumentError("no text");
    co_return ResponseWith(request.text());
  }

  absl::StatusOr<GetResponse> Upload(ServerContext&, Reader<GetRequest>& reader) override {
    std::string all;
    while (std::optional<GetRequest> request = reader.Next()) all += request->text();
    return ResponseWith(all);
  }
};

// A channel to a server of its own.
class NoExceptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.AddService(service_).ok());
    ASSERT_TRUE(server_.Start("shapes").ok());
  }

  static GetRequest RequestWith(const std::string& text) {
    GetRequest request;
    request.set_text(text);
    return request;
  }

  std::shared_ptr<transport::Transport> transport_ = NewInProcessTransport();
  Shapes service_;
  Server server_{{.transport = transport_.get()}};
  shapes::v1::ShapesClient client_{Connect("shapes", {.transport = transport_.get()})};
};

TEST_F(NoExceptionsTest, CallReturnsItsReplyOrItsError) {
  const absl::StatusOr<GetResponse> response = client_.Get(RequestWith("one"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->text(), "one");
  EXPECT_EQ(client_.Get(GetRequest()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(NoExceptionsTest, CoroutineAwaitsItsCall) {
  const absl::StatusOr<GetResponse> response = SyncWait(client_.CoGet(RequestWith("two")));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->text(), "two");
}

TEST_F(NoExceptionsTest, StreamArrivesWhole) {
  ClientWriter<GetRequest, GetResponse> upload = client_.Upload();
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(upload.Write(RequestWith(text)));
  const absl::StatusOr<GetResponse> response = upload.Finish();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->text(), "abc");
}

}  // namespace
}  // namespace piperpc
