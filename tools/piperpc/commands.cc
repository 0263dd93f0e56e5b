#include "tools/piperpc/commands.h"

#include "tools/piperpc/login.h"

namespace piperpc::cli {
namespace {

// A command that does one thing and reports how it went.
template <auto kDo>
int Once(Program& program, const Words& words, const CommandDeadline& deadline) {
  return Report(kDo(program, words, deadline), deadline);
}

// The same, after the login that --user asks for.
template <int (*kRun)(Program&, const Words&, const CommandDeadline&)>
int LoggedIn(Program& program, const Words& words, const CommandDeadline& deadline) {
  const Outcome status = LoginFirst(program, deadline);
  return status.ok() ? kRun(program, words, deadline) : Report(status, deadline);
}

constexpr Command kCommands[] = {
    {{"list", "", "list the services of the server"}, &Once<&List>},
    {{"describe", "[SYMBOL]", "describe a service, method, message or enum", 0, 1},
     &Once<&Describe>},
    {{"call", "SERVICE/METHOD [REQUEST...]", "call a method", 1, kAnyNumber},
     &LoggedIn<&Once<&Call>>},
    {{"session", "", "make several calls on one connection, one per line of input"},
     &LoggedIn<&RunSession>,
     &SessionHelp},
    {{"wait", "[SERVICE]", "wait until the server is ready", 0, 1}, &Once<&Wait>},
    {{"status", "", "show who is connected, and what the server has done"}, &Once<&Status>},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace piperpc::cli
