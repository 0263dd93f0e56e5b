// What generated code adds on each side, with no runtime behind it: a stub whose channel echoes,
// and a method's start() with a call that throws the response away.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "bench/v1/bench.piperpc.h"
#include "piperpc/channel.h"
#include "piperpc/internal/server_call.h"

namespace piperpc::bench {
namespace {

using ::bench::v1::BenchClient;
using ::bench::v1::BenchService;
using ::bench::v1::Payload;

class EchoChannel final : public Channel {
 public:
  absl::Status CallUnary(
      const internal::ClientMethod&, const internal::OutMessage& request, const CallOptions&,
      absl::FunctionRef<internal::ParseResult(std::span<const char>)> parse) override {
    bytes_.resize(request.size());
    request.WriteTo(bytes_.data());
    return parse(bytes_) == internal::ParseResult::kParsed
               ? absl::OkStatus()
               : absl::InternalError("it does not parse");
  }
  std::shared_ptr<internal::CallControl> StartUnary(const internal::ClientMethod&,
                                                    const internal::OutMessage&, const CallOptions&,
                                                    internal::UnaryDone&&) override {
    return nullptr;
  }
  std::shared_ptr<internal::ClientStream> OpenStream(const internal::ClientMethod&,
                                                     const internal::OutMessage*,
                                                     const CallOptions&) override {
    return nullptr;
  }
  absl::Status WaitUntilReady(std::chrono::milliseconds) override { return absl::OkStatus(); }
  std::size_t connections_made() const override { return 1; }
  ChannelStatus state() const override { return {ChannelState::kReady, {}}; }
  absl::Status WaitForStateChange(ChannelState, std::chrono::milliseconds) override {
    return absl::DeadlineExceededError("it stays ready");
  }
  StateWatch WatchState(StateCallback) override { return {}; }
  void Close() override {}

 private:
  std::string bytes_;
};

void Stub(benchmark::State& state) {
  BenchClient client(std::make_shared<EchoChannel>());
  Payload request;
  request.set_data(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  for (auto _ : state) {
    const absl::StatusOr<Payload> response = client.Echo(request);
    if (!response.ok()) return state.SkipWithError("the call failed");
    benchmark::DoNotOptimize(response->data().data());
  }
}
BENCHMARK(Stub)->Arg(8)->Arg(1024);

class EchoService final : public BenchService {
  Task<absl::StatusOr<Payload>> CoEcho(ServerContext&, Payload request) override {
    co_return std::move(request);
  }
};

// A context that nobody asks.
class NoContext final : public ServerContext {
 public:
  std::string_view method() const override { return "bench.v1.BenchService/Echo"; }
  const Peer& peer() const override { return peer_; }
  const Metadata& metadata() const override { return metadata_; }
  std::chrono::steady_clock::time_point deadline() const override {
    return std::chrono::steady_clock::time_point::max();
  }
  std::chrono::steady_clock::time_point started() const override { return {}; }
  CallTraffic traffic() const override { return {}; }
  std::stop_token stop_token() override { return {}; }
  std::stop_token drain_token() override { return {}; }
  void Stop(absl::Status) override {}
  CallValues& values() override { return values_; }
  SessionState& session() override { return session_; }
  void AddTrailer(std::string_view, std::string_view) override {}
  Executor& executor() override { std::abort(); }
  WorkerPool& workers() override { std::abort(); }

 private:
  Peer peer_;
  Metadata metadata_;
  CallValues values_;
  SessionState session_;
};

class UnaryCall final : public internal::ServerCall {
 public:
  UnaryCall(ServerContext& context, std::span<const char> request)
      : context_(context), request_(request) {}

  ServerContext& context() override { return context_; }
  std::span<const char> request() const override { return request_; }
  internal::HandlerSlot& handler() override { return handler_; }
  void Finish(absl::Status) override {}
  void FinishWith(const internal::OutMessage& response) override {
    response_.resize(response.size());
    response.WriteTo(response_.data());
  }
  bool Put(const internal::OutMessage&, std::coroutine_handle<>, internal::AtStop) override {
    return false;
  }
  void End(absl::Status) override {}
  void Throw(std::exception_ptr) override { std::abort(); }
  bool Ready() override { return false; }
  void ResumeWhenReady(std::coroutine_handle<>) override {}
  void Forget() override {}
  bool Pop(absl::FunctionRef<internal::ParseResult(std::span<const char>)>) override {
    return false;
  }

  // The handler goes, and with it its coroutine. Gives the response.
  const std::string& Conclude() {
    handler_.Reset();
    return response_;
  }

 private:
  ServerContext& context_;
  const std::span<const char> request_;
  std::string response_;
  internal::HandlerSlot handler_;
};

void Thunk(benchmark::State& state) {
  EchoService service;
  NoContext context;
  Payload request;
  request.set_data(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  const std::string bytes = request.SerializeAsString();
  UnaryCall call(context, bytes);
  const Method& echo = service.methods().front();
  for (auto _ : state) {
    echo.start(service, call);
    if (call.Conclude() != bytes) return state.SkipWithError("not an echo");
  }
}
BENCHMARK(Thunk)->Arg(8)->Arg(1024);

}  // namespace
}  // namespace piperpc::bench
