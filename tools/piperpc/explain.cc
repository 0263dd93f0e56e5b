#include "tools/piperpc/explain.h"

#include <chrono>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "piperpc/internal/codec.h"

namespace piperpc::cli {
namespace {

// How long the server may take to explain its error; it has just answered a call.
constexpr std::chrono::milliseconds kExplanationLimit{3000};

bool OutOfTime(const CommandDeadline& deadline) {
  return deadline.over() || deadline.stop().stop_requested();
}

Outcome WithDetails(Connection& connection, const Outcome& ended, const CommandDeadline& deadline) {
  Outcome explained = ended;
  ended.status().ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    if (OutOfTime(deadline)) return;
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
  return !connection.IsLogin(method) && !OutOfTime(deadline) && connection.HasLogin(deadline);
}

// The reply is too large for this side.
bool ALargerLimitMayHelp(const Outcome& ended) {
  return ended.Is(absl::StatusCode::kResourceExhausted) &&
         absl::StrContains(ended.message(), std::string(internal::kClientMessageLimit));
}

}  // namespace

Outcome Explain(Connection& connection, const CallableMethod& method, const Outcome& ended,
                AdviceFor where, const CommandDeadline& deadline) {
  if (ended.ok()) return ended;
  const CommandDeadline soon = deadline.AtMost(kExplanationLimit);
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
