// What a call allocates on a warm connection, on each side: counts, not times. The messages are
// numbers only and allocate nothing, so nothing is subtracted for them; the frame of the handler's
// coroutine is in the server's figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "cost/allocation_counter.h"
#include "cost/v1/cost.piperpc.h"
#include "piperpc/channel.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/test_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using ::cost::v1::AddRequest;
using ::cost::v1::AddResponse;
using ::cost::v1::CostClient;
using ::cost::v1::CostService;
using ::cost::v1::CountRequest;
using ::cost::v1::CountResponse;

constexpr std::size_t kWarmUp = 500;
constexpr std::size_t kCounted = 1000;
constexpr std::size_t kAll = kWarmUp + kCounted;

// What one call, or one message of a stream, may allocate. The tenths are for buffers and queues,
// which grow, and take memory, once in many calls.
struct Bounds {
  double client;
  double server;
};
constexpr Bounds kBlockingCall{.client = 0.1, .server = 1.1};
constexpr Bounds kCallbackCall{.client = 1.1, .server = 1.1};
constexpr Bounds kStreamMessage{.client = 0.1, .server = 0.1};

// Counts what a thread allocates from the kWarmUp-th step to the kAll-th.
class Window {
 public:
  // On the thread that is counted.
  void Step() {
    ++steps_;
    if (steps_ == kWarmUp) begin_ = AllocationsOfThisThread();
    if (steps_ == kAll) counted_ = AllocationsOfThisThread() - begin_;
  }

  // For each step. When there have been kAll.
  double each() const {
    EXPECT_EQ(steps_, kAll);
    return static_cast<double>(counted_) / kCounted;
  }

 private:
  std::atomic<std::size_t> steps_ = 0;
  std::atomic<std::size_t> counted_ = 0;
  std::size_t begin_ = 0;
};

class CountedService final : public CostService {
 public:
  Window window;  // Of the server's loop: a step for each call of Add, or message of Count.

 private:
  Task<absl::StatusOr<AddResponse>> CoAdd(ServerContext&, AddRequest request) override {
    window.Step();
    AddResponse response;
    response.set_sum(request.left() + request.right());
    co_return response;
  }

  Stream<CountResponse> CoCount(ServerContext&, CountRequest request) override {
    CountResponse response;
    for (std::uint64_t i = 0; i < request.count(); ++i) {
      window.Step();
      response.set_number(i);
      co_yield response;
    }
  }
};

// Calls with a callback, each of which makes the next one.
class Chain {
 public:
  explicit Chain(CostClient& client) : client_(client) {}

  void Run(std::size_t in_flight) {
    for (std::size_t i = 0; i < in_flight; ++i) Next();
    EXPECT_TRUE(ended_.WaitFor(static_cast<int>(in_flight)));
  }

  Window window;  // Of the client's loop.

 private:
  void Next() {
    if (begun_++ >= kAll) return ended_.Add();
    client_.AddAsync({}, {}, [this](absl::StatusOr<AddResponse> reply) {
      EXPECT_TRUE(reply.ok()) << reply.status();
      window.Step();
      Next();
    });
  }

  CostClient& client_;
  std::atomic<std::size_t> begun_ = 0;
  Counter ended_;
};

class AllocationTest : public transport::EachTransport {
 protected:
  void Begin() override {
    server_ = std::make_unique<Server>(ServerOptions{.transport = transport_.get()});
    ASSERT_TRUE(server_->AddService(service_).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
  }

  CostClient NewClient() { return CostClient(Connect(endpoint_, {.transport = transport_.get()})); }

  void Expect(const Window& client, const Bounds& bounds) {
    const double server = service_.window.each();
    std::cout << "client " << client.each() << ", server " << server << '\n';
    EXPECT_LE(client.each(), bounds.client);
    EXPECT_LE(server, bounds.server);
  }

  CountedService service_;
  const std::string endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> server_;
};

TEST_P(AllocationTest, ABlockingCall) {
  CostClient client = NewClient();
  AddRequest request;
  request.set_left(1);
  Window window;
  for (std::size_t i = 0; i < kAll; ++i) {
    ASSERT_EQ(client.Add(request)->sum(), 1u);
    window.Step();
  }
  Expect(window, kBlockingCall);
}

TEST_P(AllocationTest, ACallWithACallback) {
  CostClient client = NewClient();
  Chain chain(client);
  chain.Run(1);
  Expect(chain.window, kCallbackCall);
}

TEST_P(AllocationTest, ACallWithACallbackBesideOthers) {
  CostClient client = NewClient();
  Chain chain(client);
  chain.Run(64);
  Expect(chain.window, kCallbackCall);
}

TEST_P(AllocationTest, AMessageOfAStream) {
  CostClient client = NewClient();
  CountRequest request;
  request.set_count(kAll);
  auto stream = client.Count(request);
  Window window;
  while (const auto message = stream.Next()) window.Step();
  ASSERT_TRUE(stream.status().ok()) << stream.status();
  Expect(window, kStreamMessage);
}

std::vector<std::string> NamesOfSystemTransports() {
  std::vector<std::string> names = transport::TransportNames();
  names.erase(std::remove(names.begin(), names.end(), "memory"), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Transports, AllocationTest, ::testing::ValuesIn(NamesOfSystemTransports()),
                         [](const auto& instance) { return instance.param; });

// Calls of the functions: new-expressions that nobody needs may be left out by the compiler.
TEST(AllocationCounterTest, EveryFormOfNewCounts) {
  constexpr std::size_t kAlign = 256;
  constexpr std::align_val_t kAligned{kAlign};
  const std::size_t before = AllocationsOfThisThread();
  ::operator delete(::operator new(1));
  ::operator delete(::operator new(1, std::nothrow));
  ::operator delete[](::operator new[](1));
  ::operator delete[](::operator new[](1, std::nothrow));
  void* const aligned = ::operator new(1, kAligned);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % kAlign, 0u);
  ::operator delete(aligned, kAligned);
  ::operator delete(::operator new(1, kAligned, std::nothrow), kAligned);
  ::operator delete[](::operator new[](1, kAligned), kAligned);
  ::operator delete[](::operator new[](1, kAligned, std::nothrow), kAligned);
  EXPECT_EQ(AllocationsOfThisThread() - before, 8u);
}

}  // namespace
}  // namespace piperpc::testing
