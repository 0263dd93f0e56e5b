// The streams that a session keeps open while it goes on with other calls.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/connection.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/output.h"
#include "tools/piperpc/requests.h"

namespace piperpc::cli {

// A request that would come from standard input, which a session reads its lines from. `instead`
// says what to do.
Outcome StandardInputIsTaken(std::string_view instead);

// Prints what its streams receive as JSON lines, each with the stream's tag:
//
//     {"stream":"s1","method":"notify.v1.NotifyService/Subscribe"}
//     {"stream":"s1","message":{"sequence":"4"}}
//     {"stream":"s1","status":"CANCELLED","error":"stopped"}
//
// One thread uses it; the streams are read on threads of their own, at most kMost of them.
class BackgroundStreams {
 public:
  static constexpr std::size_t kMost = 64;

  BackgroundStreams(Connection& connection, Output& output);
  ~BackgroundStreams();  // As StopAll().
  BackgroundStreams(const BackgroundStreams&) = delete;
  BackgroundStreams& operator=(const BackgroundStreams&) = delete;

  // Opens a stream and sends the messages of `plan`. A method that streams its requests stays open
  // for Send() until End(). The stream has no limit; `deadline` is for the wait for a server, and
  // for one that takes no more messages: its end cancels the call.
  Outcome Start(const CallableMethod& method, const RequestPlan& plan,
                const CommandDeadline& deadline);

  // Sends one more message, by its words. FAILED_PRECONDITION: the call has ended. The end of
  // `deadline` cancels it.
  Outcome Send(const std::string& tag, const std::vector<std::string>& words,
               const CommandDeadline& deadline);

  // No more messages will be sent. Waits for what is still coming, until the call has ended; the
  // end of `deadline` cancels it.
  Outcome End(const std::string& tag, const CommandDeadline& deadline);

  // Cancels the call and waits for its last line.
  Outcome Stop(const std::string& tag);
  void StopAll();

  // The exit code of the first stream that ended with an error of its own; 0: none did.
  int exit_code() const { return exit_code_; }

 private:
  class Running;

  OutcomeOr<Running*> Find(const std::string& tag);
  Outcome Remove(const std::string& tag, const CommandDeadline& deadline);
  void RemoveEnded();

  Connection& connection_;
  Output& output_;
  std::map<std::string, std::unique_ptr<Running>> running_;
  std::size_t started_ = 0;
  int exit_code_ = 0;
};

}  // namespace piperpc::cli
