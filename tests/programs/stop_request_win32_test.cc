#include <windows.h>

#include "gtest/gtest.h"
#include "tools/piperpcd/stop_request.h"

namespace piperpc::daemon {
namespace {

// Does what the system does when a console event comes: a thread of its own runs the handlers.
void RaiseConsoleEvent(DWORD event) {
  auto* const routine =
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CtrlRoutine"));
  ASSERT_NE(routine, nullptr);
  const HANDLE thread =
      CreateThread(nullptr, 0, reinterpret_cast<LPTHREAD_START_ROUTINE>(routine),
                   reinterpret_cast<void*>(static_cast<ULONG_PTR>(event)), 0, nullptr);
  ASSERT_NE(thread, nullptr);
  CloseHandle(thread);
}

// The handler does not return, because the program would end there and then.
TEST(StopRequestWin32Test, TheEndOfTheConsoleLeavesLessTimeThanTheSystemGives) {
  StopRequest request;
  RaiseConsoleEvent(CTRL_CLOSE_EVENT);
  const StopReason reason = request.Wait("");
  EXPECT_EQ(reason.text, "CTRL_CLOSE");
  EXPECT_GT(reason.time_left, std::chrono::seconds(1));
  EXPECT_LT(reason.time_left, std::chrono::seconds(5));
}

}  // namespace
}  // namespace piperpc::daemon
