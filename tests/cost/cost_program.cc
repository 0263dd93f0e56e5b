// A server and a client of cost.v1.CostService by the public API, for tests that count from outside
// what calls cost.
//
//     cost_program serve ENDPOINT BACKEND            says READY; until standard input ends
//     cost_program blocking ENDPOINT BACKEND COUNT   calls, one after the other
//     cost_program callback ENDPOINT BACKEND COUNT   calls, kInFlight at a time
//     cost_program grid ENDPOINT BACKEND COUNT CONNECTIONS IN_FLIGHT
//                                                    calls, so many at a time on each connection
//     cost_program stream ENDPOINT BACKEND COUNT     messages of one stream
//     cost_program connection ENDPOINT BACKEND COUNT channels, one after the other, a call each
//
// With PIPERPC_COST_METRICS in the environment both count what they do (piperpc/metrics.h).
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cost/v1/cost.piperpc.h"
#include "piperpc/channel.h"
#include "piperpc/io_thread.h"
#include "piperpc/metrics.h"
#include "piperpc/server.h"

namespace piperpc {
namespace {

using ::cost::v1::AddRequest;
using ::cost::v1::AddResponse;
using ::cost::v1::CostClient;
using ::cost::v1::CostService;
using ::cost::v1::CountRequest;
using ::cost::v1::CountResponse;

constexpr std::uint64_t kInFlight = 64;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

void Check(const absl::Status& status) {
  if (!status.ok()) Die(status.ToString());
}

// Null: it is not wanted.
std::shared_ptr<Metrics> WantedMetrics() {
  return std::getenv("PIPERPC_COST_METRICS") == nullptr ? nullptr : std::make_shared<Metrics>();
}

class Service final : public CostService {
  Task<absl::StatusOr<AddResponse>> CoAdd(ServerContext&, AddRequest request) override {
    AddResponse response;
    response.set_sum(request.left() + request.right());
    co_return response;
  }

  Stream<CountResponse> CoCount(ServerContext&, CountRequest request) override {
    CountResponse response;
    for (std::uint64_t i = 0; i < request.count(); ++i) {
      response.set_number(i);
      co_yield response;
    }
  }
};

void Serve(const std::string& endpoint, const std::string& backend) {
  Service service;
  Server server({.backend = backend, .metrics = WantedMetrics()});
  Check(server.AddService(service));
  Check(server.Start(endpoint));
  std::puts("READY");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server.Shutdown(std::chrono::seconds(1));
}

AddRequest Sum(std::uint64_t left, std::uint64_t right) {
  AddRequest request;
  request.set_left(left);
  request.set_right(right);
  return request;
}

void CallBlocking(CostClient& client, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const absl::StatusOr<AddResponse> response = client.Add(Sum(i, 1));
    Check(response.status());
    if (response->sum() != i + 1) Die("a wrong sum");
  }
}

// Calls, each of which makes the next one when it ends.
class Chain {
 public:
  Chain(CostClient& client, std::uint64_t count, std::uint64_t in_flight)
      : client_(client), count_(count), ended_(static_cast<std::ptrdiff_t>(in_flight)) {
    for (std::uint64_t i = 0; i < in_flight; ++i) Next();
  }

  void Wait() { ended_.wait(); }

 private:
  void Next() {
    const std::uint64_t number = begun_++;
    if (number >= count_) return ended_.count_down();
    client_.AddAsync(Sum(number, 1), {}, [this, number](absl::StatusOr<AddResponse> response) {
      Check(response.status());
      if (response->sum() != number + 1) Die("a wrong sum");
      Next();
    });
  }

  CostClient& client_;
  const std::uint64_t count_;
  std::atomic<std::uint64_t> begun_ = 0;
  std::latch ended_;
};

// `count` calls in all; the connections share a thread.
void CallOnConnections(const std::string& endpoint, const std::string& backend, std::uint64_t count,
                       std::uint64_t connections, std::uint64_t in_flight) {
  const auto thread = StartIoThread({.backend = backend});
  Check(thread.status());
  std::deque<CostClient> clients;
  std::deque<Chain> chains;
  for (std::uint64_t i = 0; i < connections; ++i) {
    auto channel = Connect(endpoint, {.backend = backend, .io_thread = *thread});
    Check(channel->WaitUntilReady(std::chrono::seconds(10)));
    clients.emplace_back(std::move(channel));
  }
  for (CostClient& client : clients) chains.emplace_back(client, count / connections, in_flight);
  for (Chain& chain : chains) chain.Wait();
}

void ReadStream(CostClient& client, std::uint64_t count) {
  CountRequest request;
  request.set_count(count);
  auto stream = client.Count(request);
  std::uint64_t next = 0;
  while (const auto message = stream.Next()) {
    if (message->number() != next++) Die("a message is missing");
  }
  Check(stream.status());
  if (next != count) Die("messages are missing");
}

void MakeConnections(const std::string& endpoint, const std::string& backend, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    CostClient client(Connect(endpoint, {.backend = backend}));
    CallBlocking(client, 1);
  }
}

int Main(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[0] == "serve") {
    Serve(words[1], words[2]);
    return 0;
  }
  const auto number = [&words](std::size_t place) {
    return std::strtoull(words[place].c_str(), nullptr, 10);
  };
  if (words.size() == 6 && words[0] == "grid") {
    CallOnConnections(words[1], words[2], number(3), number(4), number(5));
    return 0;
  }
  if (words.size() != 4) Die("usage: see the source");
  const std::uint64_t count = number(3);
  CostClient client(Connect(words[1], {.backend = words[2], .metrics = WantedMetrics()}));
  if (words[0] == "blocking") {
    CallBlocking(client, count);
  } else if (words[0] == "callback") {
    Chain(client, count, kInFlight).Wait();
  } else if (words[0] == "stream") {
    ReadStream(client, count);
  } else if (words[0] == "connection") {
    MakeConnections(words[1], words[2], count);
  } else {
    Die("no such kind of call: " + words[0]);
  }
  return 0;
}

}  // namespace
}  // namespace piperpc

int main(int argc, char** argv) {
  return piperpc::Main(std::vector<std::string>(argv + 1, argv + argc));
}
