// A service of raw bytes with one method of each kind that the runtime's tests need.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/async.h"
#include "piperpc/raw_service.h"

namespace piperpc::testing {

using RawResult = absl::StatusOr<RawMessage>;

// Counts up; a test waits for a number.
class Counter {
 public:
  void Add() {
    std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  int count() {
    std::lock_guard lock(mutex_);
    return count_;
  }
  bool WaitFor(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ >= count; });
  }
  bool Reached(int count) {
    std::lock_guard lock(mutex_);
    return count_ >= count;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// Handlers wait at it until a test opens it.
class Door {
 public:
  Task<bool> Pass() {
    const auto event = std::make_shared<AsyncEvent>();
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(event);
      if (open_) event->Set();
    }
    auto opened = event->Wait();
    const bool passed = co_await opened;
    co_return passed;
  }
  void Set() {
    std::lock_guard lock(mutex_);
    open_ = true;
    for (const auto& event : waiting_) event->Set();
  }
  // For those that come from now on.
  void Shut() {
    std::lock_guard lock(mutex_);
    open_ = false;
    waiting_.clear();
  }

 private:
  std::mutex mutex_;
  bool open_ = false;
  std::vector<std::shared_ptr<AsyncEvent>> waiting_;
};

// "test.v1.Test", with the methods below.
class TestService {
 public:
  TestService() : service_("test.v1.Test") {
    service_.AddUnary("Echo", [](ServerContext&, RawMessage m) { return Echo(std::move(m)); });
    service_.AddUnary("Fail", [](ServerContext& c, RawMessage m) { return Fail(c, std::move(m)); });
    service_.AddUnary("Throw", [](ServerContext&, RawMessage) { return Throw(); });
    service_.AddUnary("FineButEmpty", [](ServerContext&, RawMessage) { return FineButEmpty(); });
    service_.AddUnary("Wait", [this](ServerContext& c, RawMessage) { return Wait(c); });
    service_.AddUnary("Stubborn", [this](ServerContext&, RawMessage) { return Stubborn(); });
    service_.AddUnary("Block",
                      [this](ServerContext& c, RawMessage m) { return Block(c, std::move(m)); });
    service_.AddUnary("Big", [this](ServerContext&, RawMessage m) { return Big(std::move(m)); });
    service_.AddUnary("Peer", [](ServerContext& c, RawMessage) { return PeerOf(c); });
    service_.AddUnary("Meta", [](ServerContext& c, RawMessage) { return Meta(c); });
    service_.AddUnary("SetUser",
                      [](ServerContext& c, RawMessage m) { return SetUser(c, std::move(m)); });
    service_.AddServerStreaming("Count",
                                [](ServerContext&, RawMessage m) { return Count(std::move(m)); });
    service_.AddServerStreaming("Large",
                                [](ServerContext&, RawMessage m) { return Large(std::move(m)); });
    service_.AddServerStreaming("Forever",
                                [this](ServerContext&, RawMessage) { return Forever(); });
    service_.AddServerStreaming("FailAfterTwo",
                                [](ServerContext&, RawMessage) { return FailAfterTwo(); });
    service_.AddClientStreaming("Concat", [this](ServerContext& c, CoReader<RawMessage> r) {
      return Concat(c, std::move(r));
    });
    service_.AddClientStreaming("ReadLate", [this](ServerContext&, CoReader<RawMessage> r) {
      return ReadLate(std::move(r));
    });
    service_.AddBidirectional(
        "Chat", [](ServerContext&, CoReader<RawMessage> r) { return Chat(std::move(r)); });
  }

  RawService& service() { return service_; }

  Counter entered;  // Wait, Stubborn, Block, Big, Forever, Concat, ReadLate: has begun.
  Counter stopped;  // Wait: its stop token was set. Forever: its frame was destroyed.
  Door release;     // Lets Stubborn and ReadLate go.

 private:
  static Task<RawResult> Echo(RawMessage message) { co_return message; }

  static Task<RawResult> Fail(ServerContext& context, RawMessage message) {
    context.AddTrailer("why", "because");
    absl::Status status = absl::NotFoundError("nothing called " + message.bytes);
    status.SetPayload("type.googleapis.com/test.v1.Detail", absl::Cord("detail"));
    co_return status;
  }

  static Task<RawResult> Throw() {
    throw std::runtime_error("a bad day");
    co_return RawMessage{};
  }

  static Task<RawResult> FineButEmpty() {
    const absl::Status fine;
    co_return fine;
  }

  Task<RawResult> Wait(ServerContext& context) {
    AsyncEvent never;
    entered.Add();
    co_await never.Wait(context.stop_token());
    stopped.Add();
    co_return absl::CancelledError("stopped");
  }

  Task<RawResult> Stubborn() {
    entered.Add();
    auto passing = release.Pass();
    co_await passing;
    co_return RawMessage{"released"};
  }

  Task<RawResult> Block(ServerContext& context, RawMessage message) {
    auto work = RunBlocking(context.workers(), [this, message]() -> RawResult {
      entered.Add();
      return RawMessage{message.bytes + " from a worker"};
    });
    RawResult result = co_await work;
    co_return result;
  }

  Task<RawResult> Big(RawMessage message) {
    entered.Add();
    co_return RawMessage{std::string(std::stoul(message.bytes), 'b')};
  }

  static Task<RawResult> PeerOf(ServerContext& context) {
    co_return RawMessage{context.peer().user + " " + std::to_string(context.peer().pid)};
  }

  static Task<RawResult> Meta(ServerContext& context) {
    std::string all;
    for (const auto& [key, value] : context.metadata()) {
      all += key + "=" + value + ";";
      context.AddTrailer(key, value);
    }
    co_return RawMessage{all};
  }

  static Task<RawResult> SetUser(ServerContext& context, RawMessage message) {
    context.session().set_user(message.bytes);
    co_return RawMessage{};
  }

  static Stream<RawMessage> Count(RawMessage message) {
    const int count = std::stoi(message.bytes);
    for (int i = 0; i < count; ++i) {
      RawMessage number{std::to_string(i)};
      co_yield number;
    }
  }

  static Stream<RawMessage> Large(RawMessage message) {
    RawMessage large{std::string(std::stoul(message.bytes), 'l')};
    co_yield large;
  }

  Stream<RawMessage> Forever() {
    struct Guard {
      TestService& self;
      ~Guard() { self.stopped.Add(); }
    } guard{*this};
    entered.Add();
    const RawMessage message{std::string(1000, 'f')};
    for (;;) co_yield message;
  }

  static Stream<RawMessage> FailAfterTwo() {
    const RawMessage message{"x"};
    co_yield message;
    co_yield message;
    absl::Status status = absl::DataLossError("only two");
    co_yield status;
  }

  Task<RawResult> Concat(ServerContext& context, CoReader<RawMessage> reader) {
    entered.Add();
    std::string all;
    while (std::optional<RawMessage> part = co_await reader.CoNext()) all += part->bytes + ",";
    if (context.stop_token().stop_requested()) stopped.Add();
    co_return RawMessage{all};
  }

  Task<RawResult> ReadLate(CoReader<RawMessage> reader) {
    entered.Add();
    auto passing = release.Pass();
    co_await passing;
    std::size_t bytes = 0;
    while (std::optional<RawMessage> part = co_await reader.CoNext()) bytes += part->bytes.size();
    co_return RawMessage{std::to_string(bytes)};
  }

  static Stream<RawMessage> Chat(CoReader<RawMessage> reader) {
    while (std::optional<RawMessage> line = co_await reader.CoNext()) {
      RawMessage reply{"re: " + line->bytes};
      co_yield reply;
    }
  }

  RawService service_;
};

}  // namespace piperpc::testing
