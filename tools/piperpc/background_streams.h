// The streams that a session keeps open in the background.
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

// The usage error for a request from standard input in a session, which reads its own lines there.
// `instead` says what to do.
Outcome StandardInputIsTaken(std::string_view instead);

// Prints what its streams receive as JSON lines, each with the stream's tag:
//
//     {"stream":"s1","method":"notify.v1.NotifyService/Subscribe"}
//     {"stream":"s1","message":{"sequence":"4"}}
//     {"stream":"s1","status":"CANCELLED","error":"stopped"}
//
// To be used on one thread; each stream is read on a thread of its own.
class BackgroundStreams {
 public:
  static constexpr std::size_t kMost = 64;  // Streams at once.

  BackgroundStreams(Connection& connection, Output& output);
  ~BackgroundStreams();  // As StopAll().
  BackgroundStreams(const BackgroundStreams&) = delete;
  BackgroundStreams& operator=(const BackgroundStreams&) = delete;

  // Opens a stream and sends the messages of `plan`. If the method streams its requests, further
  // ones may be sent until End(). `deadline` limits the wait for a server and sending, and its end
  // cancels the call; the stream itself has no time limit.
  Outcome Start(const CallableMethod& method, const RequestPlan& plan,
                const CommandDeadline& deadline);

  // Sends one more message, given by its words. FAILED_PRECONDITION: the call has ended. The end of
  // `deadline` cancels the call.
  Outcome Send(const std::string& tag, const std::vector<std::string>& words,
               const CommandDeadline& deadline);

  // Ends the requests and waits until the call has ended, while its last replies are printed. The
  // end of `deadline` cancels the call.
  Outcome End(const std::string& tag, const CommandDeadline& deadline);

  // Cancels the call and waits for its last line.
  Outcome Stop(const std::string& tag);
  void StopAll();

  // The exit code of the first stream that ended with an error, unless it was stopped; 0: none did.
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
