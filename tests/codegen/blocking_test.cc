// The blocking forms of handlers, as generated code runs them.
#include "piperpc/internal/blocking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "codegen/fake_call.h"
#include "in.piperpc.h"
#include "piperpc/testing/fake_server_context.h"

namespace piperpc {
namespace {

using shapes::v1::GetRequest;
using shapes::v1::GetResponse;
using ::testing::HasSubstr;

constexpr int kMany = 200;  // More than fits into a handoff.

// Blocking handlers that a test writes in place.
class Handlers final : public shapes::v1::ShapesService {
 public:
  std::function<absl::StatusOr<GetResponse>(const GetRequest&)> get;
  std::function<absl::Status(Writer<GetResponse>&)> watch;
  std::function<absl::StatusOr<GetResponse>(Reader<GetRequest>&)> upload;
  std::function<absl::Status(Reader<GetRequest>&, Writer<GetResponse>&)> chat;

 private:
  absl::StatusOr<GetResponse> Get(ServerContext&, const GetRequest& request) override {
    return get(request);
  }
  absl::Status Watch(ServerContext&, const GetRequest&, Writer<GetResponse>& writer) override {
    return watch(writer);
  }
  absl::StatusOr<GetResponse> Upload(ServerContext&, Reader<GetRequest>& reader) override {
    return upload(reader);
  }
  absl::Status Chat(ServerContext&, Reader<GetRequest>& reader,
                    Writer<GetResponse>& writer) override {
    return chat(reader, writer);
  }
};

GetRequest Request(std::string text) {
  GetRequest request;
  request.set_text(std::move(text));
  return request;
}

GetResponse Response(std::string text) {
  GetResponse response;
  response.set_text(std::move(text));
  return response;
}

class Blocking : public ::testing::Test {
 protected:
  ~Blocking() override { StopPool(); }

  // This thread is a loop's, on which nothing waits for a pool.
  void StopPool() {
    std::thread([this] { pool_.Stop(); }).join();
  }

  using Result = absl::StatusOr<GetResponse>;

  // A task under way, with its end.
  struct Running {
    explicit Running(Task<Result> started) : task(std::move(started)) {
      task->Start([](void* self) { static_cast<Running*>(self)->ended = true; }, this);
    }
    std::optional<Task<Result>> task;
    bool ended = false;
  };

  Result Finish(Running& running) {
    loop_.RunUntil([&] { return running.ended; });
    return running.task->Take();
  }
  const absl::Status& Finish(const testing::FakeSink<GetResponse>& sink) {
    loop_.RunUntil([&] { return sink.ended(); });
    return sink.status();
  }

  // Waits until a worker has said that it is there.
  void WaitFor(std::binary_semaphore& signal) {
    ASSERT_TRUE(signal.try_acquire_for(std::chrono::seconds(30)));
  }

  // Takes the one thread and the one place in the queue.
  void FillPool() {
    auto work = [this] { release_.wait(); };
    std::binary_semaphore begun(0);
    ASSERT_TRUE(pool_
                    .Run([&begun, work] {
                      begun.release();
                      work();
                    })
                    .ok());
    WaitFor(begun);
    ASSERT_TRUE(pool_.Run(work).ok());
  }

  void TearDown() override { free_.set_value(); }

  std::promise<void> free_;
  std::shared_future<void> release_ = free_.get_future();
  Handlers service_;
  testing::FakeInbound inbound_;
  testing::FakeLoop loop_;
  WorkerPool pool_{1, 1};
  testing::FakeServerContext context_{loop_, pool_};
};

TEST_F(Blocking, UnaryHandlerRunsOnAWorker) {
  std::thread::id thread;
  service_.get = [&](const GetRequest& request) {
    thread = std::this_thread::get_id();
    return Response(request.text() + "!");
  };
  Running call(service_.CoGet(context_, Request("a")));
  const Result result = Finish(call);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text(), "a!");
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_F(Blocking, WhatAUnaryHandlerThrowsLeavesItsTask) {
  service_.get = [](const GetRequest&) -> Result { throw std::runtime_error("broken"); };
  Running call(service_.CoGet(context_, Request("a")));
  EXPECT_THROW(static_cast<void>(Finish(call)), std::runtime_error);
}

TEST_F(Blocking, FullPoolGivesResourceExhaustedForEveryMethodType) {
  FillPool();
  Running get(service_.CoGet(context_, Request("a")));
  EXPECT_EQ(Finish(get).status().code(), absl::StatusCode::kResourceExhausted);
  Running upload(service_.CoUpload(context_, CoReader<GetRequest>(inbound_)));
  EXPECT_EQ(Finish(upload).status().code(), absl::StatusCode::kResourceExhausted);

  testing::FakeSink<GetResponse> watch_sink;
  Stream<GetResponse> watch = service_.CoWatch(context_, Request("a"));
  watch.Start(watch_sink);
  EXPECT_EQ(Finish(watch_sink).code(), absl::StatusCode::kResourceExhausted);

  testing::FakeSink<GetResponse> chat_sink;
  Stream<GetResponse> chat = service_.CoChat(context_, CoReader<GetRequest>(inbound_));
  chat.Start(chat_sink);
  EXPECT_EQ(Finish(chat_sink).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(Blocking, DestroyedUnaryCallLeavesItsHandlerToItself) {
  std::binary_semaphore begun(0);
  std::binary_semaphore ended(0);
  std::atomic<bool> whole = false;
  service_.get = [&](const GetRequest& request) {
    begun.release();
    release_.wait();
    whole = request.text() == "a";  // Still there.
    ended.release();
    return Response("");
  };
  {
    Running call(service_.CoGet(context_, Request("a")));
    WaitFor(begun);
  }  // Were it to wait here, it would wait for ever.
  free_.set_value();
  WaitFor(ended);
  free_ = {};
  EXPECT_TRUE(whole);
}

TEST_F(Blocking, RepliesComeInOrderAndTheHandlersStatusBehindThem) {
  service_.watch = [](Writer<GetResponse>& writer) {
    for (int i = 0; i < kMany; ++i) EXPECT_TRUE(writer.Write(Response(std::to_string(i))));
    return absl::DataLossError("after all");
  };
  testing::FakeSink<GetResponse> sink;
  Stream<GetResponse> stream = service_.CoWatch(context_, Request("a"));
  stream.Start(sink);
  EXPECT_EQ(Finish(sink).code(), absl::StatusCode::kDataLoss);
  ASSERT_EQ(sink.messages().size(), std::size_t{kMany});
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(sink.messages()[i].text(), std::to_string(i));
}

TEST_F(Blocking, StreamingHandlerThatThrowsGivesInternal) {
  service_.watch = [](Writer<GetResponse>&) -> absl::Status { throw std::runtime_error("broken"); };
  testing::FakeSink<GetResponse> sink;
  Stream<GetResponse> stream = service_.CoWatch(context_, Request("a"));
  stream.Start(sink);
  EXPECT_EQ(Finish(sink).code(), absl::StatusCode::kInternal);
}

TEST_F(Blocking, WriterWaitsForAClientThatDoesNotRead) {
  std::atomic<int> written = 0;
  service_.watch = [&](Writer<GetResponse>& writer) {
    const std::string large(20'000, 'x');
    while (written < kMany && writer.Write(Response(large))) ++written;
    return absl::OkStatus();
  };
  testing::FakeSink<GetResponse> sink(1);
  Stream<GetResponse> stream = service_.CoWatch(context_, Request("a"));
  stream.Start(sink);
  loop_.RunUntil([&] { return sink.waiting(); });
  EXPECT_LT(written, 10);  // Three of that size fit into a handoff.
  sink.Grant(kMany + 1);
  EXPECT_TRUE(Finish(sink).ok());
  EXPECT_EQ(sink.messages().size(), std::size_t{kMany});
}

TEST_F(Blocking, StreamDestroyedAtAYieldLetsTheWriterGo) {
  std::binary_semaphore refused(0);
  service_.watch = [&](Writer<GetResponse>& writer) {
    while (writer.Write(Response("x"))) {
    }
    refused.release();
    return absl::OkStatus();
  };
  testing::FakeSink<GetResponse> sink(1);
  {
    Stream<GetResponse> stream = service_.CoWatch(context_, Request("a"));
    stream.Start(sink);
    loop_.RunUntil([&] { return sink.waiting(); });
  }
  WaitFor(refused);
  EXPECT_FALSE(sink.ended());
}

TEST_F(Blocking, StreamStoppedAtAYieldEndsWhenItsHandlerHas) {
  std::binary_semaphore refused(0);
  service_.watch = [&](Writer<GetResponse>& writer) {
    while (writer.Write(Response("x"))) {
    }
    refused.release();
    release_.wait();
    return absl::CancelledError("stopped");
  };
  testing::FakeSink<GetResponse> sink(1);
  Stream<GetResponse> stream = service_.CoWatch(context_, Request("a"));
  stream.Start(sink);
  loop_.RunUntil([&] { return sink.waiting(); });
  context_.Cancel();
  sink.Stop();
  WaitFor(refused);
  EXPECT_FALSE(sink.ended());
  free_.set_value();
  EXPECT_EQ(Finish(sink).code(), absl::StatusCode::kCancelled);
  free_ = {};
}

TEST_F(Blocking, StreamDestroyedBeforeAReplyLetsTheWriterGo) {
  std::binary_semaphore begun(0);
  std::binary_semaphore refused(0);
  service_.chat = [&](Reader<GetRequest>& reader, Writer<GetResponse>& writer) {
    begun.release();
    const bool got = reader.Next().has_value();
    if (!got && !writer.Write(Response("x"))) refused.release();
    return absl::OkStatus();
  };
  testing::FakeSink<GetResponse> sink;
  {
    Stream<GetResponse> stream = service_.CoChat(context_, CoReader<GetRequest>(inbound_));
    stream.Start(sink);
    WaitFor(begun);
  }
  WaitFor(refused);
  EXPECT_FALSE(inbound_.awaited());
}

TEST_F(Blocking, StopLetsAWaitingReaderGo) {
  service_.upload = [](Reader<GetRequest>& reader) -> Result {
    while (reader.Next().has_value()) {
    }
    return absl::CancelledError("stopped");
  };
  Running call(service_.CoUpload(context_, CoReader<GetRequest>(inbound_)));
  inbound_.Send(Request("a"));
  context_.Cancel();
  EXPECT_EQ(Finish(call).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(Blocking, StopLetsAWaitingWriterGo) {
  std::binary_semaphore refused(0);
  service_.watch = [&](Writer<GetResponse>& writer) {
    while (writer.Write(Response("x"))) {
    }
    refused.release();
    return absl::CancelledError("stopped");
  };
  testing::FakeSink<GetResponse> sink(1);
  Stream<GetResponse> stream = service_.CoWatch(context_, Request("a"));
  stream.Start(sink);
  loop_.RunUntil([&] { return sink.waiting(); });
  context_.Cancel();
  WaitFor(refused);
}

TEST_F(Blocking, CallStoppedWhileItsHandlerIsQueuedEndsAndFreesItsPlace) {
  std::binary_semaphore begun(0);
  ASSERT_TRUE(pool_
                  .Run([&] {
                    begun.release();
                    release_.wait();
                  })
                  .ok());
  WaitFor(begun);
  std::atomic<bool> ran = false;
  service_.upload = [&](Reader<GetRequest>&) {
    ran = true;
    return Response("");
  };
  Running call(service_.CoUpload(context_, CoReader<GetRequest>(inbound_)));
  context_.Cancel();
  EXPECT_EQ(Finish(call).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(pool_.Run([] {}).ok());  // The queue's one place is free.
  free_.set_value();
  StopPool();
  free_ = {};
  EXPECT_FALSE(ran);
}

TEST_F(Blocking, UploadReachesTheHandlerWhole) {
  service_.upload = [](Reader<GetRequest>& reader) {
    std::string all;
    while (std::optional<GetRequest> request = reader.Next()) all += request->text();
    return Response(all);
  };
  Running call(service_.CoUpload(context_, CoReader<GetRequest>(inbound_)));
  std::string expected;
  for (int i = 0; i < kMany; ++i) {
    inbound_.Send(Request(std::to_string(i)));
    expected += std::to_string(i);
  }
  inbound_.End();
  const Result result = Finish(call);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text(), expected);
}

TEST_F(Blocking, HandlerThatDoesNotReadLeavesAllWithTheConnection) {
  std::binary_semaphore begun(0);
  service_.upload = [&](Reader<GetRequest>&) {
    begun.release();
    release_.wait();
    return Response("");
  };
  for (int i = 0; i < kMany; ++i) inbound_.Send(Request("x"));
  {
    Running call(service_.CoUpload(context_, CoReader<GetRequest>(inbound_)));
    WaitFor(begun);
    EXPECT_EQ(inbound_.unread(), std::size_t{kMany});
    free_.set_value();
    EXPECT_TRUE(Finish(call).ok());
  }
  free_ = {};
}

TEST_F(Blocking, HandlerMayEndBeforeTheClientDoes) {
  service_.upload = [](Reader<GetRequest>& reader) { return Response(reader.Next()->text()); };
  Running call(service_.CoUpload(context_, CoReader<GetRequest>(inbound_)));
  inbound_.Send(Request("first"));
  const Result result = Finish(call);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text(), "first");
  EXPECT_FALSE(inbound_.awaited());
}

TEST_F(Blocking, ChatAnswersEveryRequestInOrder) {
  service_.chat = [](Reader<GetRequest>& reader, Writer<GetResponse>& writer) {
    while (std::optional<GetRequest> request = reader.Next()) {
      if (!writer.Write(Response(request->text() + "!"))) break;
    }
    return absl::OkStatus();
  };
  testing::FakeSink<GetResponse> sink;
  Stream<GetResponse> stream = service_.CoChat(context_, CoReader<GetRequest>(inbound_));
  stream.Start(sink);
  for (int i = 0; i < kMany; ++i) inbound_.Send(Request(std::to_string(i)));
  inbound_.End();
  EXPECT_TRUE(Finish(sink).ok());
  ASSERT_EQ(sink.messages().size(), std::size_t{kMany});
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(sink.messages()[i].text(), std::to_string(i) + "!");
}

TEST_F(Blocking, DestroyedWhileQueuedTheHandlerDoesNotRun) {
  std::binary_semaphore begun(0);
  ASSERT_TRUE(pool_
                  .Run([&] {
                    begun.release();
                    release_.wait();
                  })
                  .ok());
  WaitFor(begun);
  std::atomic<bool> ran = false;
  service_.chat = [&](Reader<GetRequest>&, Writer<GetResponse>&) {
    ran = true;
    return absl::OkStatus();
  };
  testing::FakeSink<GetResponse> sink;
  {
    Stream<GetResponse> stream = service_.CoChat(context_, CoReader<GetRequest>(inbound_));
    stream.Start(sink);
  }
  free_.set_value();
  StopPool();
  free_ = {};
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace piperpc
