// Mistakes that must not compile: the macros of CMakeLists.txt each ask for one. Without a macro,
// it compiles.
#include <memory>
#include <optional>
#include <stop_token>

#include "piperpc/raw_client.h"
#include "piperpc/reader.h"
#include "piperpc/run_on.h"
#include "piperpc/task_scope.h"
#include "piperpc/when_all.h"
#include "piperpc/when_any.h"

namespace piperpc {

Task<int> One() { co_return 1; }
Task<int> OneUnlessStopped(std::stop_token) { co_return 1; }

Task<void> Misuse(Executor::Handle executor, std::shared_ptr<int> held,
                  CoReader<RawMessage> requests, ClientReader<RawMessage> replies) {
  TaskScope scope;
#if defined(WAITS_FOR_A_NUMBER)
  auto wrong = WhenAll(One(), 1);
#elif defined(CANNOT_STOP_A_TASK)
  auto wrong = WhenAny(OneUnlessStopped, One());
#elif defined(WAITS_FOR_THE_FIRST_OF_NONE)
  auto wrong = WhenAny(std::stop_token());
#elif defined(LOSES_A_RESULT)
  scope.Spawn(One());
#elif defined(HAS_NO_TOKEN_TO_PASS_ON)
  auto wrong = RunOn(executor, OneUnlessStopped);
#elif defined(RETURNS_A_REFERENCE)
  Task<int&>* reference = nullptr;
  reference->Take();
#elif defined(AWAITS_A_CLOSURE_WITHOUT_A_NAME)
  co_await WhenAll([held] { return One(); });
#elif defined(READS_IN_A_CONDITION)
  while (co_await requests.CoNext()) continue;
#elif defined(READS_REPLIES_IN_A_CONDITION)
  while ((co_await replies.CoNext()).has_value()) continue;
#endif
  while (std::optional<RawMessage> request = co_await requests.CoNext()) continue;
  while (auto reply = co_await replies.CoNext()) continue;
  auto all = WhenAll(One(), [held] { return One(); });
  co_await all;
  auto any = WhenAny(OneUnlessStopped, OneUnlessStopped);
  co_await any;
  co_await RunOn(executor, One());
}

}  // namespace piperpc
