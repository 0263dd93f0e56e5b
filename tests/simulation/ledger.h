// The model: what each call was to do, what has been seen of it on both sides, and by that, which
// end it may have.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "simulation/call_plan.h"
#include "simulation/link_record.h"
#include "simulation/world.h"

namespace piperpc::simulation {

class Ledger {
 public:
  explicit Ledger(World& world) : world_(world) {}

  // Its id is the number of those that were added before.
  void Add(const CallPlan& plan);
  const CallPlan& plan(std::size_t call) const { return calls_[call].plan; }
  std::size_t size() const { return calls_.size(); }

  // --- What the client sees. ---

  void OnBegin(std::size_t call);
  void OnCancel(std::size_t call) { calls_[call].cancelled = true; }
  void OnWritten(std::size_t call);
  void OnReply(std::size_t call, std::string_view message);
  void OnEnd(std::size_t call, const absl::Status& status);
  bool ended(std::size_t call) const { return calls_[call].ended; }
  bool begun(std::size_t call) const { return calls_[call].is_begun; }
  const absl::Status& status(std::size_t call) const { return calls_[call].status; }
  std::size_t open_calls() const { return open_calls_; }

  // --- What the server's handlers see. ---

  void OnHandlerBegin(std::size_t call);
  void OnRequest(std::size_t call, std::string_view message);
  void OnEffect(std::size_t call);
  void OnHandlerEnd() { --handlers_; }
  int handlers() const { return handlers_; }

  // --- Connections. ---

  std::shared_ptr<LinkRecord> OnConnect(std::size_t client);
  void OnConnectRefused(std::size_t client, absl::StatusCode why);
  void OnChannelClosed(std::size_t client);

 private:
  struct CallState {
    CallPlan plan;
    bool is_begun = false;
    base::TimePoint begun;
    bool cancelled = false;
    bool channel_closed = false;  // Of which that is a part.
    std::size_t replies_seen = 0;
    bool ended = false;
    absl::Status status;
    int handlers = 0;
    std::size_t requests_seen = 0;
    int effects = 0;
  };

  void CheckMessage(const CallState& state, std::string_view message, std::string_view expected,
                    std::string_view side) const;
  void CheckComplete(const CallState& state) const;
  bool MayEndWith(const CallState& state, absl::StatusCode code) const;
  bool LateEnough(const CallState& state) const;
  bool InTime(const CallState& state) const;
  bool HurtBy(const CallState& state, absl::StatusCode code) const;
  bool Hurt(const CallState& state) const;
  [[noreturn]] void Violate(const CallState& state, std::string_view what) const;

  World& world_;
  std::vector<CallState> calls_;
  std::vector<std::shared_ptr<LinkRecord>> links_;
  std::size_t open_calls_ = 0;
  int handlers_ = 0;
};

}  // namespace piperpc::simulation
