// What only Win32 named pipes do: clients that are faster than the listener, instances that cannot
// be made, pipes and clients of another kind.
#include <gmock/gmock.h>

#include "named_pipe_fixture_win32.h"
#include "src/base/wide_win32.h"
#include "src/transport/win32/handle.h"

namespace piperpc::transport {
namespace {

using ::testing::HasSubstr;

UniqueHandle OpenRaw(const std::wstring& name) {
  return UniqueHandle(::CreateFileW(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                    OPEN_EXISTING, 0, nullptr));
}

void WriteRaw(const UniqueHandle& pipe, const std::string& message) {
  DWORD written = 0;
  EXPECT_TRUE(::WriteFile(pipe.get(), message.data(), static_cast<DWORD>(message.size()), &written,
                          nullptr));
}

TEST_F(NamedPipeTest, TakesAClientThatConnectedBeforeItWaitedForOne) {
  UniqueHandle client;
  calls_.after_create = [&](const PipeCalls::NewInstance& instance) {
    if (!client) client = OpenRaw(instance.name);
    WriteRaw(client, "early");
    calls_.after_create = nullptr;
  };
  Listen();
  End server(server_->acceptor().WaitPipe());
  EXPECT_EQ(*server.ReceiveUntil(Soon()), "early");
  server_->Close();
}

TEST_F(NamedPipeTest, ReadsWhatAClientWroteThatWasGoneBeforeItWaitedForOne) {
  calls_.after_create = [&](const PipeCalls::NewInstance& instance) {
    WriteRaw(OpenRaw(instance.name), "farewell");
    calls_.after_create = nullptr;
  };
  Listen();
  End server(server_->acceptor().WaitPipe());
  EXPECT_EQ(*server.ReceiveUntil(Soon()), "farewell");
  EXPECT_EQ(server.ReceiveUntil(Soon()).status().code(), absl::StatusCode::kUnavailable);
  End client(Connect());
  End next(server_->acceptor().WaitPipe());
  client.MustSend("the next one");
  EXPECT_EQ(*next.ReceiveUntil(Soon()), "the next one");
}

TEST_F(NamedPipeTest, TellsThatInstancesCannotBeMadeAndGoesOnWhenTheyCan) {
  calls_.refusal = ERROR_NO_SYSTEM_RESOURCES;
  Listen({.waiting_instances = 2});
  EXPECT_EQ(server_->acceptor().WaitError().code(), absl::StatusCode::kResourceExhausted);
  End first(Connect());  // The instance that there is serves all the same.
  End first_server(server_->acceptor().WaitPipe());
  calls_.refusal = ERROR_SUCCESS;
  auto second = transport_.Connect(endpoint_, {.deadline = Soon()});
  ASSERT_TRUE(second.ok()) << second.status();
  End second_server(server_->acceptor().WaitPipe());
  first.MustSend("still here");
  EXPECT_EQ(*first_server.ReceiveUntil(Soon()), "still here");
}

TEST_F(NamedPipeTest, OfTheOtherKindIsToldFromOneThatKeepsMessages) {
  const UniqueHandle bytes(::CreateNamedPipeW(base::ToWide(endpoint_.address()).c_str(),
                                              PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                              PIPE_TYPE_BYTE, 1, 4096, 4096, 0, nullptr));
  ASSERT_TRUE(bytes);
  const absl::Status status = TryConnect().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(endpoint_.ToString() + " is not a PipeRPC server"));
}

TEST_F(NamedPipeTest, ThatOthersMadeKeepsAServerAway) {
  const UniqueHandle other(::CreateNamedPipeW(base::ToWide(endpoint_.address()).c_str(),
                                              PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                              PIPE_TYPE_MESSAGE, 10, 4096, 4096, 0, nullptr));
  ASSERT_TRUE(other);
  EXPECT_EQ(TryListen().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(NamedPipeTest, RefusesAMessageAboveTheLimitAndNamesItsSize) {
  Listen();
  const UniqueHandle client(OpenRaw(base::ToWide(endpoint_.address())));
  End server(server_->acceptor().WaitPipe());
  server.Attach(loop_);
  server.Receive();
  std::thread writer([&] { WriteRaw(client, std::string(kMaxPacketBytes + 1, 'x')); });
  const absl::Status status = server.WaitError();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("262145"));
  writer.join();
  server.Close();
}

TEST_F(NamedPipeTest, CanBeSentToBySeveralThreadsInTurnWhichThenEnd) {
  Listen();
  End client(Connect());
  End server(server_->acceptor().WaitPipe());
  client.Attach(loop_);
  for (int i = 0; i < 20; ++i) {
    std::thread([&] { EXPECT_EQ(client.MustSend(Pattern(1000)), SendResult::kSent); }).join();
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*server.ReceiveUntil(Soon()), Pattern(1000));
  client.Close();
}

}  // namespace
}  // namespace piperpc::transport
