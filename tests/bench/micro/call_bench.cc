// A whole call inside one process, over its own transport: no system call, but for the threads that
// wake each other. Counts what is allocated for it, too: by the runtime, by that transport (one for
// each packet), and by the messages (one for a string, two for a long one).
#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "bench/v1/bench.piperpc.h"
#include "cost/allocation_counter.h"
#include "piperpc/channel.h"
#include "piperpc/server.h"
#include "src/transport/transport.h"

namespace piperpc::bench {
namespace {

using ::bench::v1::BenchClient;
using ::bench::v1::BenchService;
using ::bench::v1::Payload;
using ::bench::v1::StreamRequest;
using testing::AllocationsOfThisThread;

constexpr const char* kEndpoint = "micro-bench";

class CountedService final : public BenchService {
 public:
  std::size_t allocations() const { return allocations_; }

 private:
  Task<absl::StatusOr<Payload>> CoEcho(ServerContext&, Payload request) override {
    allocations_ = AllocationsOfThisThread();
    co_return std::move(request);
  }

  piperpc::Stream<Payload> CoStream(ServerContext&, StreamRequest request) override {
    Payload payload;
    payload.set_data(std::string(request.size(), 's'));
    for (std::uint64_t i = 0; i < request.count(); ++i) {
      allocations_ = AllocationsOfThisThread();
      co_yield payload;
    }
  }

  std::atomic<std::size_t> allocations_ = 0;  // Of the server's loop, when it was last here.
};

class Fixture {
 public:
  explicit Fixture(benchmark::State& state) : state_(state) {
    absl::Status status = server_.AddService(service_);
    if (status.ok()) status = server_.Start(kEndpoint);
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
  }

  BenchClient NewClient() {
    return BenchClient(Connect(kEndpoint, {.transport = transport_.get()}));
  }

  // Around what is measured, once the connection is warm.
  void Begin() {
    client_begin_ = AllocationsOfThisThread();
    server_begin_ = service_.allocations();
  }
  void End(std::int64_t items) {
    state_.SetItemsProcessed(items);
    const auto each = [items](std::size_t count) {
      return static_cast<double>(count) / static_cast<double>(items);
    };
    state_.counters["client_allocations"] = each(AllocationsOfThisThread() - client_begin_);
    state_.counters["server_allocations"] = each(service_.allocations() - server_begin_);
  }

 private:
  benchmark::State& state_;
  const std::unique_ptr<transport::Transport> transport_ = transport::NewMemoryTransport();
  CountedService service_;
  Server server_{ServerOptions{.transport = transport_.get()}};
  std::size_t client_begin_ = 0;
  std::size_t server_begin_ = 0;
};

void UnaryCall(benchmark::State& state) {
  Fixture fixture(state);
  BenchClient client = fixture.NewClient();
  Payload request;
  request.set_data(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  for (int i = 0; i < 100; ++i) client.Echo(request).IgnoreError();
  fixture.Begin();
  for (auto _ : state) {
    if (!client.Echo(request).ok()) return state.SkipWithError("the call failed");
  }
  fixture.End(state.iterations());
}
BENCHMARK(UnaryCall)->Arg(8)->Arg(1024)->UseRealTime();

void StreamMessage(benchmark::State& state) {
  constexpr std::uint64_t kMessages = 10'000;
  Fixture fixture(state);
  BenchClient client = fixture.NewClient();
  StreamRequest request;
  request.set_size(static_cast<std::uint32_t>(state.range(0)));
  request.set_count(kMessages);
  const auto read = [&] {
    auto stream = client.Stream(request);
    std::uint64_t count = 0;
    while (stream.Next()) ++count;
    if (count != kMessages) state.SkipWithError("messages are missing");
  };
  read();
  fixture.Begin();
  for (auto _ : state) read();
  fixture.End(state.iterations() * static_cast<std::int64_t>(kMessages));
}
BENCHMARK(StreamMessage)->Arg(8)->Arg(1024)->UseRealTime();

}  // namespace
}  // namespace piperpc::bench
