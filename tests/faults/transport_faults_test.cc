// Each operation of the transport fails once, one by one: each send, receive, connect and accept
// that a call leads to, on either side, with each error that a system has for it. The call ends
// once, with an error that says so, or as if nothing had been; what was acknowledged has been done;
// and what comes after it works.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "faults/fault_runs.h"
#include "support/failing_transport.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using transport::TransportNames;
using Code = absl::StatusCode;

absl::Status Failed(absl::StatusCode code) { return {code, "a fault that a test has made"}; }

// What each operation fails with, on both sides where it has two.
std::vector<Fault> AllFaults() {
  struct Row {
    std::string name;
    Operation operation;
    std::vector<Side> sides;
    std::vector<Code> errors;
  };
  const std::vector<Side> both = {Side::kClient, Side::kServer};
  const std::vector<Code> sends = {Code::kUnavailable, Code::kResourceExhausted, Code::kInternal};
  const std::vector<Code> receives = {Code::kUnavailable, Code::kResourceExhausted, Code::kInternal,
                                      Code::kOutOfRange};
  const std::vector<Row> rows = {
      {"connect",
       Operation::kConnect,
       {Side::kClient},
       {Code::kUnavailable, Code::kResourceExhausted, Code::kPermissionDenied,
        Code::kFailedPrecondition, Code::kDeadlineExceeded, Code::kInternal}},
      {"new loop", Operation::kNewLoop, {Side::kServer}, {Code::kResourceExhausted}},
      {"accept",
       Operation::kAccept,
       {Side::kServer},
       {Code::kUnavailable, Code::kResourceExhausted}},
      {"send", Operation::kSend, both, sends},
      {"pending send", Operation::kPendingSend, both, sends},
      {"receive", Operation::kReceive, both, receives},
      {"packet", Operation::kPacket, both, receives},
      {"receive of a caller", Operation::kReceiveCaller, {Side::kClient}, receives},
  };
  std::vector<Fault> faults;
  for (const Row& row : rows) {
    for (const Side side : row.sides) {
      for (const Code error : row.errors) {
        faults.push_back({row.name +
                              (side == Side::kClient ? " of the client, " : " of the server, ") +
                              absl::StatusCodeToString(error),
                          row.operation, side, Failed(error)});
      }
    }
  }
  return faults;
}

class EachFault : public FaultRuns {
 protected:
  transport::Transport& used() override {
    if (failing_ == nullptr) UseTransport(false);
    return *failing_;
  }

  void UseTransport(bool all_sends_pending) {
    failing_ = NewFailingTransport(*transport_, faults_, all_sends_pending);
  }

  void RunEach(const Scenario& scenario, const std::vector<NamedForm>& forms) {
    std::vector<NamedFault> named;
    for (const Fault& fault : AllFaults()) {
      named.push_back({fault.name, [this, fault](std::size_t at) { faults_.Set(fault, at); },
                       [this] { return faults_.Clear(); }, CodesOf(fault.error)});
    }
    RunAll(scenario, forms, named);
  }

  static std::vector<Code> CodesOf(const absl::Status& error) {
    std::vector<Code> codes = {error.code(), Code::kUnavailable, Code::kResourceExhausted,
                               Code::kInternal};
    // A packet above the limit, where a Hello was due, is none of a server.
    if (absl::IsOutOfRange(error)) codes.push_back(Code::kFailedPrecondition);
    return codes;
  }

  FaultPoint faults_;
  std::unique_ptr<transport::Transport> failing_;
};

TEST_P(EachFault, LeavesACallWhole) { RunEach(kPlain, AllForms()); }

TEST_P(EachFault, LeavesACallOfLargeMessagesWhole) { RunEach(kLarge, SomeForms()); }

TEST_P(EachFault, LeavesACallWholeWhileThePipeIsFull) {
  StopServer();
  UseTransport(true);
  StartServer();
  RunEach(kLarge, SomeForms());
}

TEST_P(EachFault, LetsACallBeStopped) {
  RunEach({.plan = Plan::kIsStopped, .requests = kPlain.requests, .code = Code::kCancelled},
          SomeForms());
}

TEST_P(EachFault, LetsACallExpire) {
  RunEach({.plan = Plan::kExpires, .requests = kPlain.requests, .code = Code::kDeadlineExceeded},
          SomeForms());
}

TEST_P(EachFault, LetsAChannelBeClosed) {
  RunEach({.plan = Plan::kLosesItsChannel, .requests = kPlain.requests, .code = Code::kCancelled},
          SomeForms());
}

TEST_P(EachFault, LetsAServerShutDown) {
  RunEach({.plan = Plan::kLosesItsServer, .requests = kPlain.requests, .code = Code::kUnavailable},
          SomeForms());
}

TEST_P(EachFault, OfAStartIsToldAndTheServerMayBeStartedAgain) {
  StopServer();
  const absl::Status error = Failed(Code::kResourceExhausted);
  for (const Fault& fault : {Fault{"new loop", Operation::kNewLoop, Side::kServer, error},
                             Fault{"listen", Operation::kListen, Side::kServer, error}}) {
    ForEachStep("start, " + fault.name, [&](std::size_t at) {
      Server server({.event_loops = 3, .transport = failing_.get()});
      faults_.Set(fault, at);
      absl::Status status = server.Start(endpoint_);
      const bool failed = faults_.Clear();
      EXPECT_EQ(status, failed ? fault.error : absl::OkStatus());
      if (failed) status = server.Start(endpoint_);
      EXPECT_TRUE(status.ok()) << status;
      return failed;
    });
  }
  StartServer();
}

PIPERPC_FOR_EACH_TRANSPORT(EachFault);

}  // namespace
}  // namespace piperpc::testing
