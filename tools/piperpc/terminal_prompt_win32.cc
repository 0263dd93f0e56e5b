#include <windows.h>

#include <algorithm>
#include <string>

#include "tools/piperpc/failure.h"
#include "tools/piperpc/terminal_prompt.h"
#include "tools/shared/utf16_win32.h"

namespace piperpc::cli {
namespace {

// The console. By itself it shows nothing of what is typed while this lives.
class Console {
 public:
  Console() : input_(Open(L"CONIN$")), output_(Open(L"CONOUT$")) {
    // Lines are put together here, because waiting for one could not be given up. Ctrl-C stays.
    silent_ = GetConsoleMode(input_, &before_) && SetConsoleMode(input_, ENABLE_PROCESSED_INPUT);
  }
  ~Console() {
    if (silent_) SetConsoleMode(input_, before_);
    CloseHandle(input_);
    CloseHandle(output_);
  }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  bool ok() const { return silent_; }
  HANDLE input() const { return input_; }

  // A prompt that cannot be shown is no reason not to read. The console's code page is UTF-8.
  void Show(std::string_view text) const {
    DWORD written;
    WriteFile(output_, text.data(), static_cast<DWORD>(text.size()), &written, nullptr);
  }

 private:
  static HANDLE Open(const wchar_t* name) {
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       nullptr, OPEN_EXISTING, 0, nullptr);
  }

  const HANDLE input_;
  const HANDLE output_;
  DWORD before_ = 0;
  bool silent_ = false;
};

// An event that a stop token sets.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : event_(CreateEventW(nullptr, TRUE, FALSE, nullptr)), on_stop_(stop, Set{event_}) {}
  ~StopEvent() { CloseHandle(event_); }
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  HANDLE handle() const { return event_; }

 private:
  struct Set {
    void operator()() const { SetEvent(event); }
    HANDLE event;
  };

  const HANDLE event_;
  const std::stop_callback<Set> on_stop_;
};

// What a key gives; 0: nothing. A character that was typed by its number comes when Alt goes up.
wchar_t CharacterOf(const INPUT_RECORD& record) {
  if (record.EventType != KEY_EVENT) return 0;
  const KEY_EVENT_RECORD& key = record.Event.KeyEvent;
  return key.bKeyDown || key.wVirtualKeyCode == VK_MENU ? key.uChar.UnicodeChar : L'\0';
}

void RemoveLast(std::wstring& text) {
  if (text.empty()) return;
  const bool pair = text.size() > 1 && IS_LOW_SURROGATE(text.back());
  text.resize(text.size() - (pair ? 2 : 1));
}

enum class Echo { kOff, kOn };
enum class Typed { kMore, kDone, kFailed };

// Takes the next event of the console, which is there.
Typed TakeKey(const Console& console, Echo echo, std::wstring& line) {
  INPUT_RECORD record;
  DWORD count = 0;
  if (!ReadConsoleInputW(console.input(), &record, 1, &count) || count == 0) {
    return Typed::kFailed;
  }
  const wchar_t character = CharacterOf(record);
  if (character == L'\r' || character == L'\n') return Typed::kDone;
  const std::wstring before = line;
  if (character == L'\b') RemoveLast(line);
  if (character >= L' ') line += character;
  if (echo == Echo::kOff) return Typed::kMore;
  if (line.size() > before.size()) console.Show(tools::Utf8Of({&character, 1}));
  if (line.size() < before.size()) console.Show("\b \b");
  return Typed::kMore;
}

constexpr std::chrono::milliseconds kMostAtOnce{60'000};

DWORD TimeLeft(const CommandDeadline& deadline) {
  const auto left = deadline.left();
  return left.has_value() ? static_cast<DWORD>(std::min(*left, kMostAtOnce).count()) : INFINITE;
}

OutcomeOr<std::string> ReadLine(const Console& console, Echo echo,
                                const CommandDeadline& deadline) {
  const StopEvent stopped(deadline.stop());
  const HANDLE either[] = {stopped.handle(), console.input()};
  std::wstring line;
  Typed typed = Typed::kMore;
  while (typed == Typed::kMore) {
    const DWORD woken = WaitForMultipleObjects(2, either, FALSE, TimeLeft(deadline));
    if (deadline.stop().stop_requested()) return InterruptedError();
    if (deadline.over()) return TimedOutError("asking at the terminal", deadline.spent());
    if (woken == WAIT_TIMEOUT) continue;
    typed = woken == WAIT_OBJECT_0 + 1 ? TakeKey(console, echo, line) : Typed::kFailed;
  }
  if (typed == Typed::kDone) return tools::Utf8Of(line);
  return IoError("no answer was given at the terminal");
}

OutcomeOr<std::string> Ask(std::string_view prompt, Echo echo, const CommandDeadline& deadline) {
  const Console console;
  if (!console.ok()) {
    return IoError(echo == Echo::kOn ? "there is no terminal to ask at"
                                     : "there is no terminal to ask for the password; give "
                                       "--password-file or PIPERPC_PASSWORD");
  }
  console.Show(prompt);
  OutcomeOr<std::string> answer = ReadLine(console, echo, deadline);
  console.Show("\n");  // The one that was typed was not shown.
  return answer;
}

}  // namespace

OutcomeOr<std::string> AskPassword(std::string_view prompt, const CommandDeadline& deadline) {
  return Ask(prompt, Echo::kOff, deadline);
}

OutcomeOr<std::string> AskQuestion(std::string_view prompt, const CommandDeadline& deadline) {
  return Ask(prompt, Echo::kOn, deadline);
}

}  // namespace piperpc::cli
