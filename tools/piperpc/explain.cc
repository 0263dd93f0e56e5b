#include "tools/piperpc/explain.h"

#include <chrono>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace piperpc::cli {
namespace {

// For a server that has just answered, and is asked what its errors mean.
constexpr std::chrono::milliseconds kPatience{3000};

bool GivenUp(const CommandDeadline& deadline) {
  return deadline.over() || deadline.stop().stop_requested();
}

Outcome WithDetails(Connection& connection, const Outcome& ended, const CommandDeadline& deadline) {
  Outcome explained = ended;
  ended.status().ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    if (GivenUp(deadline)) return;
    const std::string type(url.substr(url.rfind('/') + 1));  // All of it, where there is none.
    if (!connection.Learn(type, deadline).ok()) return;
    const std::string bytes(value);
    const OutcomeOr<std::string> json = connection.schema().MessageToJson(type, bytes);
    if (json.ok()) explained.ShowDetail({url.data(), url.size()}, *json);
  });
  return explained;
}

// Where nobody has logged in, and the server's logins are those of this program.
bool ALoginMayHelp(Connection& connection, const CallableMethod& method, const Outcome& ended,
                   const CommandDeadline& deadline) {
  if (!ended.Is(absl::StatusCode::kUnauthenticated) || connection.LoggedIn()) return false;
  return !connection.IsLogin(method) && !GivenUp(deadline) && connection.HasLogin(deadline);
}

// Replies that are too large for this side; the server words it.
bool ALargerLimitMayHelp(const Outcome& ended) {
  return ended.Is(absl::StatusCode::kResourceExhausted) &&
         absl::StrContains(ended.message(), "max_message_bytes of its channel");
}

}  // namespace

Outcome Explain(Connection& connection, const CallableMethod& method, const Outcome& ended,
                AdviceFor where, const CommandDeadline& deadline) {
  if (ended.ok()) return ended;
  const CommandDeadline soon = deadline.AtMost(kPatience);
  Outcome explained = WithDetails(connection, ended, soon);
  if (ALargerLimitMayHelp(ended)) {
    explained.Advise("give --max-message SIZE to accept larger replies");
  } else if (ALoginMayHelp(connection, method, ended, soon)) {
    explained.Advise(where == AdviceFor::kSession ? "to log in: login NAME"
                                                  : "to log in, give --user NAME");
  }
  return explained;
}

}  // namespace piperpc::cli
