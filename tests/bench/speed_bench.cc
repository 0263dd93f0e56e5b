// Speed against the floor of the transport, in one run. The servers are a process of their own.
//
//     speed_bench [Google Benchmark's flags]
//
// PIPERPC_BENCH_BACKEND chooses the backend of both sides ("auto").
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

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
#include "piperpc/channel.h"
#include "raw_floor.h"

namespace piperpc::bench {
namespace {

using ::bench::v1::BenchClient;
using ::bench::v1::Payload;
using ::bench::v1::StreamRequest;
using Seconds = std::chrono::duration<double>;

std::string g_endpoint;  // Set once by main().
std::string g_raw_path;
std::string g_backend;

std::shared_ptr<Channel> NewChannel() {
  return Connect(g_endpoint, {.backend = g_backend, .max_message_bytes = 128 << 20});
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
  for (int i = 0; i < 100; ++i) call();
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    latencies.Add(std::chrono::steady_clock::now() - begin);
  }
  latencies.Report(state);
}

void RawEcho(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  RawClient client(g_raw_path);
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
  RawClient client(g_raw_path);
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
BENCHMARK(UnaryEcho)->Arg(32)->Arg(65536)->Arg(1 << 20)->Arg(16 << 20)->UseRealTime();
BENCHMARK(RawInFlight)->UseRealTime();
BENCHMARK(UnaryInFlight)->UseRealTime();
BENCHMARK(ServerStream)->UseRealTime();
BENCHMARK(ConnectCallClose)->UseRealTime();
BENCHMARK(SmallBesideLarge)->Iterations(2000)->UseRealTime();

// A child process with the servers; ends when this object does.
class Servers {
 public:
  Servers() {
    int input[2];
    int output[2];
    if (::pipe(input) != 0 || ::pipe(output) != 0) std::exit(1);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(input[0], 0);
      ::dup2(output[1], 1);
      ::close(input[1]);
      StartRawServer(g_raw_path);
      ::_exit(RunServer(g_endpoint, g_backend));
    }
    ::close(input[0]);
    ::close(output[1]);
    stop_ = input[1];
    char ready[6];
    if (::read(output[0], ready, sizeof(ready)) <= 0) std::exit(1);
  }
  ~Servers() {
    ::close(stop_);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_;
  int stop_;
};

}  // namespace

int Main(int argc, char** argv) {
  char folder[] = "/tmp/piperpc-bench-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return 1;
  g_endpoint = std::string(folder) + "/piperpc.sock";
  g_raw_path = std::string(folder) + "/raw.sock";
  const char* const backend = std::getenv("PIPERPC_BENCH_BACKEND");
  g_backend = backend == nullptr ? "auto" : backend;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  {
    Servers servers;
    benchmark::RunSpecifiedBenchmarks();
  }
  ::unlink(g_raw_path.c_str());
  ::rmdir(folder);
  return 0;
}

}  // namespace piperpc::bench

int main(int argc, char** argv) { return piperpc::bench::Main(argc, argv); }
