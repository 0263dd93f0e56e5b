// Speed against the floor of the transport, in one run. The servers are a process of their own.
//
//     speed_bench [Google Benchmark's flags]
//
// PIPERPC_BENCH_BACKEND chooses the backend of both sides ("auto").
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/v1/bench.piperpc.h"
#include "bench_server.h"
#include "child_process.h"
#include "piperpc/channel.h"
#include "piperpc/endpoint.h"
#include "piperpc/testing/endpoint.h"
#include "raw_floor.h"

namespace piperpc::bench {
namespace {

using ::bench::v1::BenchClient;
using ::bench::v1::Payload;
using ::bench::v1::StreamRequest;
using Seconds = std::chrono::duration<double>;

Servers g_servers;  // Set once by Main().

std::shared_ptr<Channel> NewChannel() {
  return Connect(g_servers.endpoint,
                 {.backend = g_servers.backend, .max_message_bytes = 128 << 20});
}

Payload PayloadOf(std::size_t size) {
  Payload payload;
  payload.set_data(std::string(size, 'p'));
  return payload;
}

void Check(benchmark::State& state, const absl::Status& status) {
  if (!status.ok()) state.SkipWithError(status.ToString().c_str());
}

// The waits of each iteration, as percentiles.
class Latencies {
 public:
  void Add(std::chrono::steady_clock::duration took) {
    microseconds_.push_back(Seconds(took).count() * 1e6);
  }
  void Report(benchmark::State& state) {
    if (microseconds_.empty()) return;
    std::sort(microseconds_.begin(), microseconds_.end());
    state.counters["p50_us"] = At(0.50);
    state.counters["p99_us"] = At(0.99);
  }

 private:
  double At(double share) const {
    return microseconds_[static_cast<std::size_t>(share *
                                                  static_cast<double>(microseconds_.size() - 1))];
  }
  std::vector<double> microseconds_;
};

template <typename Call>
void Time(benchmark::State& state, Call call) {
  Latencies latencies;
  const auto warm = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  for (int i = 0; i < 100 && std::chrono::steady_clock::now() < warm; ++i) call();
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    latencies.Add(std::chrono::steady_clock::now() - begin);
  }
  latencies.Report(state);
}

void RawEcho(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  RawClient client(g_servers.raw_address);
  const auto chunk = std::min<std::size_t>(size, 1 << 20);
  Time(state, [&] {
    for (std::size_t done = 0; done < size; done += chunk) {
      client.Send(chunk);
      client.Receive(chunk);
    }
  });
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void UnaryEcho(benchmark::State& state) {
  const Payload request = PayloadOf(static_cast<std::size_t>(state.range(0)));
  BenchClient client(NewChannel());
  Time(state, [&] { Check(state, client.Echo(request).status()); });
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

constexpr int kInFlight = 64;

void RawInFlight(benchmark::State& state) {
  RawClient client(g_servers.raw_address);
  for (int i = 0; i < kInFlight; ++i) client.Send(32);
  for (auto _ : state) {
    client.Receive(32);
    client.Send(32);
  }
  state.SetItemsProcessed(state.iterations());
}

// Keeps kInFlight calls under way: each that ends begins the next.
class Pipeline {
 public:
  explicit Pipeline(BenchClient& client) : client_(client) {}

  void Run(std::int64_t calls) {
    left_ = calls;
    running_ = kInFlight;
    for (int i = 0; i < kInFlight; ++i) Next();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void Next() {
    if (left_.fetch_sub(1) <= 0) {
      std::lock_guard lock(mutex_);
      if (--running_ == 0) done_.notify_one();
      return;
    }
    client_.EchoAsync(request_, {}, [this](absl::StatusOr<Payload> reply) {
      if (!reply.ok()) std::abort();
      Next();
    });
  }

  BenchClient& client_;
  const Payload request_ = PayloadOf(32);
  std::atomic<std::int64_t> left_ = 0;
  std::mutex mutex_;
  std::condition_variable done_;
  int running_ = 0;
};

void UnaryInFlight(benchmark::State& state) {
  constexpr std::int64_t kBatch = 20'000;
  BenchClient client(NewChannel());
  Pipeline pipeline(client);
  pipeline.Run(kBatch);
  for (auto _ : state) pipeline.Run(kBatch);
  state.SetItemsProcessed(state.iterations() * kBatch);
}

void ServerStream(benchmark::State& state) {
  BenchClient client(NewChannel());
  StreamRequest request;
  request.set_count(50'000);
  request.set_size(64);
  for (auto _ : state) {
    auto stream = client.Stream(request);
    std::uint64_t count = 0;
    while (stream.Next()) ++count;
    if (count != request.count()) Check(state, stream.status());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(request.count()));
}

void ConnectCallClose(benchmark::State& state) {
  const Payload request = PayloadOf(32);
  for (auto _ : state) {
    BenchClient client(NewChannel());
    Check(state, client.Echo(request).status());
  }
  state.SetItemsProcessed(state.iterations());
}

// Small calls on a connection that carries a message of 64 MiB both ways all the while.
void SmallBesideLarge(benchmark::State& state) {
  auto channel = NewChannel();
  BenchClient client(channel);
  std::atomic<bool> stop = false;
  std::atomic<int> large_calls = 0;
  std::thread large([&] {
    const Payload request = PayloadOf(64 << 20);
    while (!stop) {
      if (!client.Echo(request, {.timeout = std::chrono::minutes(2)}).ok()) break;
      ++large_calls;
    }
  });
  const Payload request = PayloadOf(32);
  Time(state, [&] { Check(state, client.Echo(request).status()); });
  stop = true;
  large.join();
  state.counters["large_calls"] = large_calls.load();
}

BENCHMARK(RawEcho)->Arg(32)->Arg(65536)->Arg(1 << 20)->UseRealTime();
BENCHMARK(UnaryEcho)
    ->Arg(32)
    ->Arg(65536)
    ->Arg(1 << 20)
    ->Arg(16 << 20)
    ->Arg(64 << 20)
    ->UseRealTime();
BENCHMARK(RawInFlight)->UseRealTime();
BENCHMARK(UnaryInFlight)->UseRealTime();
BENCHMARK(ServerStream)->UseRealTime();
BENCHMARK(ConnectCallClose)->UseRealTime();
BENCHMARK(SmallBesideLarge)->Iterations(2000)->UseRealTime();

Servers NewServers() {
  const char* const backend = std::getenv("PIPERPC_BENCH_BACKEND");
  return {.endpoint = testing::UniqueEndpoint(),
          .raw_address = Endpoint::Parse(testing::UniqueEndpoint())->address(),
          .backend = backend == nullptr ? "auto" : backend};
}

}  // namespace

int Main(int argc, char** argv) {
  constexpr std::string_view kServe = "--serve";
  if (argc == 5 && argv[1] == kServe) return RunServers({argv[2], argv[3], argv[4]});
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  g_servers = NewServers();
  const ChildProcess child(
      {std::string(kServe), g_servers.endpoint, g_servers.raw_address, g_servers.backend});
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace piperpc::bench

int main(int argc, char** argv) { return piperpc::bench::Main(argc, argv); }
