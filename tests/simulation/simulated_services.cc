#include "simulation/simulated_services.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "simulation/message.h"

namespace piperpc::simulation {
namespace {

std::size_t CallIn(const ServerContext& context) {
  for (const auto& [key, value] : context.metadata()) {
    if (key == SimulatedServices::kCall) return CallOf(value);
  }
  std::abort();  // All clients are the run's.
}

absl::Status EndOf(const CallPlan& plan) {
  return plan.fails ? absl::DataLossError(std::string(plan.reason_bytes, 'r')) : absl::OkStatus();
}

RawMessage ReplyOf(const CallPlan& plan, std::size_t index) {
  return RawMessage(MakeMessage(plan.id, Direction::kReply, index, plan.reply_bytes));
}

}  // namespace

// While a handler runs, however it ends.
class SimulatedServices::Handling {
 public:
  Handling(Ledger& ledger, const ServerContext& context) : ledger_(ledger), call_(CallIn(context)) {
    ledger_.OnHandlerBegin(call_);
  }
  ~Handling() { ledger_.OnHandlerEnd(); }
  Handling(const Handling&) = delete;
  Handling& operator=(const Handling&) = delete;

  const CallPlan& plan() const { return ledger_.plan(call_); }
  void Take(const RawMessage& request) { ledger_.OnRequest(call_, request.bytes); }
  void TakeEffect() { ledger_.OnEffect(call_); }

 private:
  Ledger& ledger_;
  const std::size_t call_;
};

SimulatedServices::SimulatedServices(Ledger& ledger) : ledger_(ledger) {
  service_.AddUnary("Unary", [this](ServerContext& context, RawMessage request) {
    return Unary(context, std::move(request));
  });
  service_.AddServerStreaming("Down", [this](ServerContext& context, RawMessage request) {
    return Down(context, std::move(request));
  });
  service_.AddClientStreaming("Up", [this](ServerContext& context, CoReader<RawMessage> reader) {
    return Up(context, std::move(reader));
  });
  service_.AddBidirectional("Both", [this](ServerContext& context, CoReader<RawMessage> reader) {
    return Both(context, std::move(reader));
  });
  if (!dispatcher_.Add(service_).ok()) std::abort();
}

Task<bool> SimulatedServices::Pause(ServerContext& context, const CallPlan& plan) {
  if (plan.pause == plan.pause.zero()) co_return true;
  auto sleep = Sleep(plan.pause, context.stop_token());
  const bool slept = co_await sleep;
  co_return slept;
}

Task<SimulatedServices::Result> SimulatedServices::Unary(ServerContext& context,
                                                         RawMessage request) {
  Handling handling(ledger_, context);
  handling.Take(request);
  auto pause = Pause(context, handling.plan());
  const bool slept = co_await pause;
  if (!slept) co_return absl::CancelledError("stopped");
  handling.TakeEffect();
  absl::Status end = EndOf(handling.plan());
  if (!end.ok()) co_return end;
  co_return ReplyOf(handling.plan(), 0);
}

Stream<RawMessage> SimulatedServices::Down(ServerContext& context, RawMessage request) {
  Handling handling(ledger_, context);
  handling.Take(request);
  for (std::size_t i = 0; i < handling.plan().replies; ++i) {
    auto pause = Pause(context, handling.plan());
    co_await pause;
    const RawMessage reply = ReplyOf(handling.plan(), i);
    co_yield reply;
  }
  handling.TakeEffect();
  absl::Status end = EndOf(handling.plan());
  if (!end.ok()) co_yield end;
}

// What a client has not finished has no effect.
Task<SimulatedServices::Result> SimulatedServices::Up(ServerContext& context,
                                                      CoReader<RawMessage> reader) {
  Handling handling(ledger_, context);
  std::size_t count = 0;
  while (std::optional<RawMessage> request = co_await reader.CoNext()) {
    handling.Take(*request);
    ++count;
    auto pause = Pause(context, handling.plan());
    co_await pause;
  }
  if (count < handling.plan().requests) co_return absl::CancelledError("unfinished");
  handling.TakeEffect();
  absl::Status end = EndOf(handling.plan());
  if (!end.ok()) co_return end;
  co_return ReplyOf(handling.plan(), 0);
}

Stream<RawMessage> SimulatedServices::Both(ServerContext& context, CoReader<RawMessage> reader) {
  Handling handling(ledger_, context);
  std::size_t count = 0;
  while (std::optional<RawMessage> request = co_await reader.CoNext()) {
    handling.Take(*request);
    auto pause = Pause(context, handling.plan());
    co_await pause;
    const RawMessage reply = ReplyOf(handling.plan(), count++);
    co_yield reply;
  }
  if (count < handling.plan().requests) co_return;
  handling.TakeEffect();
  absl::Status end = EndOf(handling.plan());
  if (!end.ok()) co_yield end;
}

}  // namespace piperpc::simulation
