#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/invoke.h"

namespace piperpc::cli {

Outcome Call(Program& program, const Words& words, const Patience& patience) {
  const OutcomeOr<CallableMethod> method = program.connection.FindMethod(words[0], patience);
  if (!method.ok()) return method.outcome();
  OutcomeOr<RequestPlan> plan = PlanRequests(
      {words.begin() + 1, words.end()}, method->shape,
      [&] { return program.connection.schema().NewMessage(*method->descriptor->input_type()); },
      patience);
  if (!plan.ok()) return plan.outcome();
  return Invoke(program, *method, *std::move(plan), patience);
}

}  // namespace piperpc::cli
