// Each call of the system fails once, one by one, with each error that it has: what a call of a
// client, and the start of a server, make of it. Beside transport_faults_test, this is what the
// system's own transports do with errors.
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
      {"poll", {EINTR, ENOMEM}, {}},
      {"ppoll", {EINTR}, {ENOMEM}},
      {"epoll_create1", {}, {EMFILE, ENFILE, ENOMEM}},
      {"epoll_ctl", {}, {ENOMEM, ENOSPC}},
      {"epoll_wait", {EINTR}, {}},
      {"eventfd", {}, {EMFILE, ENFILE, ENOMEM}},
      {"io_uring_queue_init_params", {}, {EMFILE, ENFILE, ENOMEM}},
      {"io_uring_register_buf_ring", {}, {ENOMEM}},
      {"io_uring_submit_and_wait", {EINTR, EAGAIN, EBUSY, ENOMEM}, {}},
      {"io_uring_submit_and_wait_timeout", {EINTR, EAGAIN, EBUSY, ENOMEM}, {}},
      {"io_uring_submit_and_get_events", {EINTR, EAGAIN, EBUSY, ENOMEM}, {}},
      {kCompletion, {}, {ENOMEM}},
  };
  return calls;
}

std::vector<NamedFault> FaultsOfRunning() {
  std::vector<NamedFault> faults;
  const auto add = [&faults](std::string_view call, int error, std::vector<Code> codes) {
    faults.push_back({std::string(call) + ": " + std::generic_category().message(error),
                      [call, error](std::size_t at) { FailCall(call, error, at); },
                      &ClearFailingCall, std::move(codes)});
  };
  for (const CallErrors& each : CallsOfRunning()) {
    for (const int error : each.unnoticed) add(each.call, error, {});
    for (const int error : each.told) {
      add(each.call, error, {Code::kUnavailable, Code::kResourceExhausted});
    }
  }
  return faults;
}

class FailingCalls : public FaultRuns {
 protected:
  void RunEach(const Scenario& scenario) { RunAll(scenario, SomeForms(), FaultsOfRunning()); }

  // Each of these calls that a start makes fails once. `unnoticed`: the server starts all the same.
  void StartAgain(std::string_view call, int error, bool unnoticed) {
    bool failed = true;
    for (std::size_t at = 1; failed && !HasFailure(); ++at) {
      SCOPED_TRACE(std::string(call) + ": " + std::generic_category().message(error) + ", number " +
                   std::to_string(at));
      const std::size_t descriptors = OpenDescriptors();
      Server server({.event_loops = 2, .transport = transport_.get()});
      FailCall(call, error, at);
      absl::Status status = server.Start(endpoint_);
      failed = ClearFailingCall();
      if (!status.ok()) {
        EXPECT_TRUE(failed && !unnoticed) << status;
        EXPECT_TRUE(absl::IsResourceExhausted(status) || absl::IsPermissionDenied(status))
            << status;
        EXPECT_NE(status.message(), "");
        EXPECT_LE(OpenDescriptors(), descriptors);
        status = server.Start(endpoint_);
      } else {
        EXPECT_TRUE(unnoticed || !failed);
      }
      EXPECT_TRUE(status.ok()) << status;
    }
  }
};

TEST_P(FailingCalls, LeaveACallWhole) { RunEach(kPlain); }

TEST_P(FailingCalls, LeaveACallOfLargeMessagesWhole) { RunEach(kLarge); }

TEST_P(FailingCalls, LetACallBeStopped) {
  RunEach({.plan = Plan::kIsStopped, .requests = kPlain.requests, .code = Code::kCancelled});
}

TEST_P(FailingCalls, LetACallExpire) {
  RunEach({.plan = Plan::kExpires, .requests = kPlain.requests, .code = Code::kDeadlineExceeded});
}

TEST_P(FailingCalls, LetAServerShutDown) {
  RunEach({.plan = Plan::kLosesItsServer, .requests = kPlain.requests, .code = Code::kUnavailable});
}

TEST_P(FailingCalls, OfAStartAreToldAndTheServerMayBeStartedAgain) {
  StopServer();
  const CallErrors calls[] = {
      {"open", {}, {EMFILE, ENFILE, ENOSPC, EACCES}},
      {"fcntl", {}, {ENOLCK}},
      {"socket", {}, {EMFILE, ENFILE, ENOBUFS, ENOMEM}},
      {"bind", {}, {ENOSPC, ENOMEM, EACCES}},
      {"chmod", {}, {ENOSPC, EPERM}},
      {"listen", {}, {ENOMEM}},
      {"epoll_create1", {}, {EMFILE, ENFILE, ENOMEM}},
      {"eventfd", {}, {EMFILE, ENFILE, ENOMEM}},
      {"setsockopt", {}, {ENOMEM}},
      {"inotify_init1", {EMFILE, ENFILE, ENOMEM}, {}},
      {"inotify_add_watch", {ENOSPC, ENOMEM}, {}},
      {"io_uring_queue_init_params", {}, {EMFILE, ENFILE, ENOMEM}},
      {"io_uring_register_buf_ring", {}, {ENOMEM}},
  };
  for (const CallErrors& each : calls) {
    for (const int error : each.unnoticed) StartAgain(each.call, error, true);
    for (const int error : each.told) StartAgain(each.call, error, false);
  }
  StartServer();
}

INSTANTIATE_TEST_SUITE_P(On, FailingCalls, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::testing
