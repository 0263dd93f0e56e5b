#include "simulation/simulated_client.h"

#include <stop_token>
#include <utility>

#include "absl/strings/str_cat.h"
#include "simulation/blocking_call.h"
#include "simulation/simulated_services.h"
#include "src/client/io_thread.h"

namespace piperpc::simulation {
namespace {

// Small, so that calls come up against them.
ChannelOptions Options(std::shared_ptr<IoThread> io_thread) {
  ChannelOptions options{.default_timeout = std::chrono::milliseconds(600'000),
                         .max_packet_bytes = 64 * 1024,
                         .stream_credit_bytes = 64 * 1024,
                         .output_queue_bytes = 64 * 1024};
  options.io_thread = std::move(io_thread);
  return options;
}

}  // namespace

SimulatedClient::SimulatedClient(World& world, Ledger& ledger, std::size_t number,
                                 SimulatedTransport::Accept accept)
    : world_(world),
      ledger_(ledger),
      number_(number),
      transport_(world, ledger, number, std::move(accept)),
      loop_(new testing::SteppedLoop(world.clock)),
      io_thread_(
          std::make_shared<IoThread>(transport_, std::unique_ptr<transport::EventLoop>(loop_))) {
  world_.scheduler.Add(*loop_);
  Open();
}

SimulatedClient::~SimulatedClient() { world_.scheduler.Remove(*loop_); }

void SimulatedClient::Open() { channels_.push_back(Connect("simulated", Options(io_thread_))); }

void SimulatedClient::PlanReopening() {
  world_.scheduler.At(world_.scheduler.now() + world_.random.Delay(std::chrono::seconds(2)),
                      [this] { Close(); });
}

void SimulatedClient::Plan(const CallPlan& plan) {
  world_.scheduler.At(world_.scheduler.now() + plan.begin, [this, plan] { Begin(plan); });
}

CallOptions SimulatedClient::OptionsOf(const CallPlan& plan, std::stop_token stop) const {
  CallOptions options;
  options.timeout = plan.timeout;
  options.wait_for_ready = plan.wait_for_ready;
  options.metadata.emplace_back(SimulatedServices::kCall, absl::StrCat(plan.id));
  if (plan.UsesToken()) options.stop = std::move(stop);
  return options;
}

void SimulatedClient::Begin(const CallPlan& plan) {
  std::stop_source stop;
  const CallOptions options = OptionsOf(plan, stop.get_token());
  const RawClient client(channels_.back());
  CallbackCall* call = nullptr;
  if (!plan.blocking) {
    calls_.push_back(std::make_unique<CallbackCall>(ledger_, plan));
    call = calls_.back().get();
  }
  ledger_.OnBegin(plan.id);
  if (plan.cancel.has_value()) PlanCancel(plan, std::move(stop), call);
  if (call != nullptr) return call->Begin(client, options);
  threads_.push_back(world_.scheduler.Start(
      [this, client, plan, options] { RunBlockingCall(client, ledger_, plan, options); }));
}

void SimulatedClient::PlanCancel(const CallPlan& plan, std::stop_source stop, CallbackCall* call) {
  world_.scheduler.At(world_.scheduler.now() + *plan.cancel,
                      [this, plan, stop = std::move(stop), call]() mutable {
                        if (ledger_.ended(plan.id)) return;
                        world_.trace.Add(absl::StrCat("call ", plan.id, " is cancelled"));
                        ledger_.OnCancel(plan.id);
                        if (plan.UsesToken()) {
                          stop.request_stop();
                        } else {
                          call->Cancel();
                        }
                      });
}

void SimulatedClient::Close() {
  world_.trace.Add(absl::StrCat("client ", number_, " closes its channel"));
  ledger_.OnChannelClosed(number_);
  const std::shared_ptr<Channel> closed = channels_.back();
  Open();
  closed->Close();
}

// The end of a channel waits for its loop, which runs what is posted while nobody steps it.
void SimulatedClient::End() {
  for (std::thread& thread : threads_) thread.join();
  calls_.clear();
  loop_->RunUntilIdle();
  loop_->RunPostsAtOnce();
  channels_.clear();
}

}  // namespace piperpc::simulation
