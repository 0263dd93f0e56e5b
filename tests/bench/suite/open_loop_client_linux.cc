// Calls that come when they come, whether or not the ones before have ended: an open loop. A call's
// time counts from the moment at which it was to be made, so that a server that stalls is not
// spared the calls that wait meanwhile ("coordinated omission").
//
//     open_loop_client --connect PATH --scenario throughput --iters RATE --inflight MOST ...
//
// RATE: calls a second over all connections, at random moments (a Poisson process, always the same
// one). MOST: calls in flight over all connections; above it calls are made late, as far as their
// times show.
#include <sys/prctl.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "suite_client.h"

namespace suite::v1 {
namespace {

using bench::Args;
using bench::Meter;

class OpenLoop {
 public:
  OpenLoop(const Args& args, Meter& meter) : args_(args), meter_(meter), call_(args) {
    const auto thread = SharedThread(args);
    for (int i = 0; i < args.conns; ++i) clients_.push_back(NewClient(args, thread));
  }

  // Begins all calls on this thread; they end on that of the connections.
  void Run() {
    prctl(PR_SET_TIMERSLACK, 1);  // Or a sleep takes 50 us longer.
    std::mt19937_64 random(1);
    std::exponential_distribution<double> pause(args_.iters / 1e9);
    meter_.start();
    double due = static_cast<double>(bench::now_ns());
    for (std::size_t next = 0; !over_; ++next) {
      due += pause(random);
      const auto begin = static_cast<std::uint64_t>(due);
      WaitUntil(begin);
      Begin(clients_[next % clients_.size()], begin);
    }
    while (in_flight_ != 0) std::this_thread::yield();
  }

 private:
  void WaitUntil(std::uint64_t begin) {
    const std::chrono::steady_clock::time_point when{std::chrono::nanoseconds(begin)};
    if (std::chrono::steady_clock::now() < when) std::this_thread::sleep_until(when);
    while (in_flight_ >= args_.inflight && !over_) std::this_thread::yield();
  }

  void Begin(SuiteClient& client, std::uint64_t begin) {
    ++in_flight_;
    client.UppercaseAsync(call_.request(), {}, [this, begin](absl::StatusOr<Text> reply) {
      call_.Check(reply);
      if (meter_.hit(begin, bench::now_ns())) over_ = true;
      --in_flight_;
    });
  }

  const Args& args_;
  Meter& meter_;  // Used on the connections' thread only.
  const UppercaseCall call_;
  std::vector<SuiteClient> clients_;
  std::atomic<int> in_flight_ = 0;
  std::atomic<bool> over_ = false;
};

struct Driver final : bench::Driver {
  std::unique_ptr<bench::Client> connect(const Args&) override { bench::na("an open loop only"); }
  void throughput(const Args& args, Meter& meter) override { OpenLoop(args, meter).Run(); }
};

}  // namespace
}  // namespace suite::v1

int main(int argc, char** argv) { return suite::v1::RunClient<suite::v1::Driver>(argc, argv); }
