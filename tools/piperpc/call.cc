#include "tools/piperpc/commands.h"
#include "tools/piperpc/explain.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/invoke.h"

namespace piperpc::cli {

Outcome Call(Program& program, const Words& words, const CommandDeadline& deadline) {
  const OutcomeOr<CallableMethod> method = program.connection.FindMethod(words[0], deadline);
  if (!method.ok()) return method.outcome();
  OutcomeOr<RequestPlan> plan = PlanRequests(
      {words.begin() + 1, words.end()}, method->type,
      [&] { return program.connection.schema().NewMessage(*method->descriptor->input_type()); },
      deadline);
  if (!plan.ok()) return plan.outcome();
  const Outcome ended = Invoke(program, *method, *std::move(plan), deadline);
  const AdviceFor where = program.in_session ? AdviceFor::kSession : AdviceFor::kCommandLine;
  return Explain(program.connection, *method, ended, where, deadline);
}

}  // namespace piperpc::cli
