#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/server_wait.h"

namespace piperpc::cli {
namespace {

constexpr std::chrono::milliseconds kLongest{30000};

}  // namespace

Outcome Wait(Program& program, const Words& words, const CommandDeadline& deadline) {
  const Outcome checked = words.empty() ? Outcome() : CheckUtf8("the service's name", words[0]);
  if (!checked.ok()) return checked;
  return AwaitServing(program.connection, words.empty() ? "" : words[0], deadline.Within(kLongest));
}

}  // namespace piperpc::cli
