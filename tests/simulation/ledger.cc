#include "simulation/ledger.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "simulation/message.h"
#include "src/base/text.h"

namespace piperpc::simulation {
namespace {

using absl::StatusCode;
using base::ToAbsl;
using std::chrono::milliseconds;

// How much later than its deadline a call may end: what the steps until then take.
constexpr milliseconds kSlack{250};

// From the relative deadline on the wire: whole microseconds.
constexpr milliseconds kRounding{1};

// A call that has so long never ends because of it: no fault takes that time, nor what follows it.
constexpr milliseconds kEnough{10'000};

}  // namespace

void Ledger::Add(const CallPlan& plan) {
  calls_.emplace_back();
  calls_.back().plan = plan;
}

void Ledger::Violate(const CallState& state, std::string_view what) const {
  world_.trace.Violate(absl::StrCat("call ", state.plan.id, ": ", ToAbsl(what)));
}

// --- The client. ---

void Ledger::OnBegin(std::size_t call) {
  CallState& state = calls_[call];
  state.is_begun = true;
  state.begun = world_.scheduler.now();
  ++open_calls_;
  world_.trace.Add(absl::StrCat("call ", call, " of client ", state.plan.client,
                                " begins: ", state.plan.Describe()));
}

void Ledger::OnWritten(std::size_t call) {
  const CallState& state = calls_[call];
  if (state.ended) Violate(state, "a message is written after the end of its call");
}

void Ledger::CheckMessage(const CallState& state, std::string_view message,
                          std::string_view expected, std::string_view side) const {
  if (message == expected) return;
  Violate(state, absl::StrCat("the ", ToAbsl(side), " got ", ToAbsl(message.substr(0, 20)), "… (",
                              message.size(), " bytes) in place of ",
                              ToAbsl(expected.substr(0, 20)), "… (", expected.size(), " bytes)"));
}

void Ledger::OnReply(std::size_t call, std::string_view message) {
  CallState& state = calls_[call];
  if (state.ended) Violate(state, "a reply comes after the end of its call");
  CheckMessage(state, message,
               MakeMessage(call, Direction::kReply, state.replies_seen, state.plan.reply_bytes),
               "client");
  world_.trace.Add(absl::StrCat("call ", call, ": reply ", state.replies_seen, " is read"));
  ++state.replies_seen;
}

void Ledger::OnEnd(std::size_t call, const absl::Status& status) {
  CallState& state = calls_[call];
  if (state.ended) Violate(state, "it ends twice");
  state.ended = true;
  state.status = status;
  --open_calls_;
  world_.trace.Add(absl::StrCat("call ", call, " ends: ", status.ToString().substr(0, 200)));
  if (!InTime(state)) Violate(state, "it ends after its deadline");
  if (status.ok()) return CheckComplete(state);
  if (!MayEndWith(state, status.code())) Violate(state, "nothing allows it to end so");
}

// What the caller was told has happened, all of it, and once.
void Ledger::CheckComplete(const CallState& state) const {
  if (state.plan.fails) Violate(state, "it ends well, but its handler failed");
  if (state.effects != 1) Violate(state, "an acknowledged effect is not there");
  if (state.requests_seen != state.plan.requests) Violate(state, "a request was not received");
  if (state.replies_seen != state.plan.replies) Violate(state, "a reply was not received");
}

bool Ledger::MayEndWith(const CallState& state, StatusCode code) const {
  switch (code) {
    case StatusCode::kDataLoss:
      return state.plan.fails && state.effects == 1;
    case StatusCode::kCancelled:
      return state.cancelled;
    case StatusCode::kDeadlineExceeded:
      return LateEnough(state);
    case StatusCode::kUnavailable:
      return Hurt(state);
    case StatusCode::kResourceExhausted:
      return world_.faults.tight_memory || HurtBy(state, code);
    case StatusCode::kFailedPrecondition:
      return state.channel_closed;
    default:
      return false;
  }
}

bool Ledger::LateEnough(const CallState& state) const {
  const auto timeout = state.plan.timeout;
  if (HurtBy(state, StatusCode::kDeadlineExceeded)) return true;
  if (!timeout.has_value()) return false;
  if (*timeout >= kEnough) return false;
  return world_.scheduler.now() + kRounding >= state.begun + *timeout;
}

bool Ledger::InTime(const CallState& state) const {
  const auto timeout = state.plan.timeout;
  return !timeout.has_value() || world_.scheduler.now() <= state.begun + *timeout + kSlack;
}

// A connection that the call may have been given has had that fault.
bool Ledger::HurtBy(const CallState& state, StatusCode code) const {
  return std::any_of(links_.begin(), links_.end(), [&](const auto& link) {
    return link->client == state.plan.client && link->fault == code &&
           link->client_closed >= state.begun;
  });
}

bool Ledger::Hurt(const CallState& state) const {
  return HurtBy(state, StatusCode::kUnavailable) || HurtBy(state, StatusCode::kResourceExhausted) ||
         HurtBy(state, StatusCode::kDeadlineExceeded);
}

// --- The server. ---

void Ledger::OnHandlerBegin(std::size_t call) {
  CallState& state = calls_[call];
  ++handlers_;
  if (++state.handlers > 1) Violate(state, "its handler runs twice");
  if (!state.is_begun) Violate(state, "its handler runs before it begins");
}

void Ledger::OnRequest(std::size_t call, std::string_view message) {
  CallState& state = calls_[call];
  CheckMessage(
      state, message,
      MakeMessage(call, Direction::kRequest, state.requests_seen, state.plan.request_bytes),
      "server");
  world_.trace.Add(absl::StrCat("call ", call, ": request ", state.requests_seen, " is handled"));
  ++state.requests_seen;
}

void Ledger::OnEffect(std::size_t call) {
  CallState& state = calls_[call];
  if (++state.effects > 1) Violate(state, "its effect is there twice");
}

// --- Connections. ---

std::shared_ptr<LinkRecord> Ledger::OnConnect(std::size_t client) {
  auto record = std::make_shared<LinkRecord>();
  record->client = client;
  record->number = links_.size();
  links_.push_back(record);
  return record;
}

void Ledger::OnConnectRefused(std::size_t client, StatusCode why) {
  const auto record = OnConnect(client);
  record->fault = why;
  record->client_closed = world_.scheduler.now();
}

void Ledger::OnChannelClosed(std::size_t client) {
  for (CallState& state : calls_) {
    if (state.plan.client != client || !state.is_begun || state.ended) continue;
    state.cancelled = true;
    state.channel_closed = true;
  }
}

}  // namespace piperpc::simulation
