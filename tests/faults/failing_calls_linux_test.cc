// The calls of the system that the tables here name fail once, one by one, with each error that
// they have: what a call of a client, and the start of a server, make of it. Beside
// transport_faults_test, this is what the system's own transports do with errors.
#include "faults/failing_calls_linux.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "faults/fault_runs.h"

namespace piperpc::testing {
namespace {

using Code = absl::StatusCode;

struct CallErrors {
  std::string_view call;
  std::vector<int> unnoticed;  // The call of a client goes on.
  std::vector<int> told;
  std::string_view backend{};  // The only one that makes this call.

  bool IsMadeBy(std::string_view which) const { return backend.empty() || backend == which; }
};

const std::vector<CallErrors>& CallsOfRunning() {
  static const auto& calls = *new std::vector<CallErrors>{
      {"send", {EINTR, EAGAIN}, {EPIPE, ECONNRESET, ENOBUFS, ENOMEM}},
      {"sendmsg", {EINTR, EAGAIN}, {EPIPE, ECONNRESET, ENOBUFS, ENOMEM}},
      {"recv", {EINTR, EAGAIN}, {ECONNRESET, ENOMEM}},
      {"accept4", {EINTR, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM}, {}},
      {"connect", {EINTR, EAGAIN}, {ECONNREFUSED, ENOMEM}},
      {"socket", {}, {EMFILE, ENFILE, ENOBUFS, ENOMEM}},
      {"setsockopt", {}, {ENOMEM}},
      {"getsockopt", {}, {ENOBUFS}},
      {"ppoll", {EINTR}, {ENOMEM}},
      {"epoll_create1", {}, {EMFILE, ENFILE, ENOMEM}, "epoll"},
      {"epoll_ctl", {}, {ENOMEM, ENOSPC}, "epoll"},
      {"epoll_wait", {EINTR}, {}, "epoll"},
      {"eventfd", {}, {EMFILE, ENFILE, ENOMEM}},
      {"io_uring_queue_init_params", {}, {EMFILE, ENFILE, ENOMEM}, "io_uring"},
      {"io_uring_register_buf_ring", {}, {ENOMEM}, "io_uring"},
      {"io_uring_submit_and_wait", {EINTR, EAGAIN, EBUSY, ENOMEM}, {}, "io_uring"},
      {"io_uring_submit_and_wait_timeout", {EINTR, EAGAIN, EBUSY, ENOMEM}, {}, "io_uring"},
      {"io_uring_submit_and_get_events", {EINTR, EAGAIN, EBUSY, ENOMEM}, {}, "io_uring"},
      {kCompletion, {}, {ENOMEM}, "io_uring"},
  };
  return calls;
}

std::vector<NamedFault> FaultsOf(const CallErrors& calls) {
  std::vector<NamedFault> faults;
  const auto add = [&](int error, std::vector<Code> codes) {
    const std::string_view call = calls.call;
    faults.push_back({std::string(call) + ": " + std::generic_category().message(error),
                      [call, error](std::size_t at) { FailCall(call, error, at); },
                      &ClearFailingCall, std::move(codes)});
  };
  for (const int error : calls.unnoticed) add(error, {});
  for (const int error : calls.told) add(error, {Code::kUnavailable, Code::kResourceExhausted});
  return faults;
}

class FailingCalls : public FaultRuns {
 protected:
  void RunEach(const Scenario& scenario) {
    std::vector<NamedFault> faults;
    for (const CallErrors& each : CallsOfRunning()) {
      if (!each.IsMadeBy(GetParam())) continue;
      for (NamedFault& fault : FaultsOf(each)) faults.push_back(std::move(fault));
    }
    RunAll(scenario, SomeForms(), faults);
  }

  // One of the scenarios makes it.
  bool IsMade(const CallErrors& call) {
    const NamedFault fault = FaultsOf(call).front();
    for (const Scenario& scenario : {kPlain, kLarge, kExpires}) {
      for (const NamedForm& form : SomeForms()) {
        if (Run(form, scenario, fault, 1)) return true;
      }
    }
    return false;
  }

  static inline const Scenario kExpires = {
      .plan = Plan::kExpires, .requests = kPlain.requests, .code = Code::kDeadlineExceeded};

  // Each of these calls that a start makes, and it makes some, fails once. `unnoticed`: the server
  // starts all the same.
  void StartAgain(std::string_view call, int error, bool unnoticed) {
    const std::string fault =
        "start, " + std::string(call) + ": " + std::generic_category().message(error);
    const std::size_t runs =
        ForEachStep(fault, [&](std::size_t at) { return StartOnce(call, error, at, unnoticed); });
    EXPECT_TRUE(runs != 1 || !FaultChoice::OfProgram().all()) << call << " is not made";
  }

  // True: a call has failed.
  bool StartOnce(std::string_view call, int error, std::size_t at, bool unnoticed) {
    const std::size_t descriptors = OpenDescriptors();
    Server server({.event_loops = 2, .transport = transport_.get()});
    FailCall(call, error, at);
    absl::Status status = server.Start(endpoint_);
    const bool failed = ClearFailingCall();
    if (!status.ok()) {
      EXPECT_TRUE(failed && !unnoticed) << status;
      EXPECT_TRUE(absl::IsResourceExhausted(status) || absl::IsPermissionDenied(status)) << status;
      EXPECT_NE(status.message(), "");
      EXPECT_LE(OpenDescriptors(), descriptors);
      status = server.Start(endpoint_);
    } else {
      EXPECT_TRUE(unnoticed || !failed);
    }
    EXPECT_TRUE(status.ok()) << status;
    return failed;
  }
};

TEST_P(FailingCalls, AreCallsThatAreMade) {
  for (const CallErrors& each : CallsOfRunning()) {
    if (!each.IsMadeBy(GetParam())) continue;
    EXPECT_TRUE(IsMade(each)) << each.call;
  }
}

TEST_P(FailingCalls, LeaveACallWhole) { RunEach(kPlain); }

TEST_P(FailingCalls, LeaveACallOfLargeMessagesWhole) { RunEach(kLarge); }

TEST_P(FailingCalls, LetACallBeStopped) {
  RunEach({.plan = Plan::kIsStopped, .requests = kPlain.requests, .code = Code::kCancelled});
}

TEST_P(FailingCalls, LetACallExpire) { RunEach(kExpires); }

TEST_P(FailingCalls, LetAServerShutDown) {
  RunEach({.plan = Plan::kLosesItsServer, .requests = kPlain.requests, .code = Code::kUnavailable});
}

TEST_P(FailingCalls, OfAStartAreToldAndTheServerMayBeStartedAgain) {
  StopServer();
  const CallErrors calls[] = {
      {"open", {}, {EMFILE, ENFILE, ENOSPC, EACCES}},
      {"fstat", {}, {ENOMEM}},
      {"fcntl", {}, {ENOLCK}},
      {"socket", {}, {EMFILE, ENFILE, ENOBUFS, ENOMEM}},
      {"bind", {}, {ENOSPC, ENOMEM, EACCES}},
      {"chmod", {}, {ENOSPC, EPERM}},
      {"listen", {}, {ENOMEM}},
      {"epoll_create1", {}, {EMFILE, ENFILE, ENOMEM}, "epoll"},
      {"eventfd", {}, {EMFILE, ENFILE, ENOMEM}},
      {"setsockopt", {}, {ENOMEM}},
      {"inotify_init1", {EMFILE, ENFILE, ENOMEM}, {}},
      {"inotify_add_watch", {ENOSPC, ENOMEM}, {}},
      {"io_uring_queue_init_params", {}, {EMFILE, ENFILE, ENOMEM}, "io_uring"},
      {"io_uring_register_buf_ring", {}, {ENOMEM}, "io_uring"},
  };
  for (const CallErrors& each : calls) {
    if (!each.IsMadeBy(GetParam())) continue;
    for (const int error : each.unnoticed) StartAgain(each.call, error, true);
    for (const int error : each.told) StartAgain(each.call, error, false);
  }
  StartServer();
}

INSTANTIATE_TEST_SUITE_P(On, FailingCalls, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::testing
