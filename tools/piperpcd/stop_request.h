// Requests to end the program: signals, console events, and the stop word.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace piperpc::daemon {

struct StopReason {
  std::string text;  // For the log.
  // After this time the system kills the program.
  std::chrono::milliseconds time_left = std::chrono::milliseconds::max();
};

// To be created once, before any other thread.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  // Waits for a signal to end, or, unless `stop_word` is empty, for a line of standard input that
  // is that word. The end of standard input does not count. Further signals are blocked from then
  // on; see SecondSignal.
  StopReason Wait(std::string_view stop_word);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Handles signals while the program is ending. Those within kRepeatTime count as one with the
// first, because timeout(1) signals a program and then its whole process group; a later one ends
// the program at once, by that signal. Only one object at a time.
class SecondSignal {
 public:
  static constexpr std::chrono::seconds kRepeatTime{1};

  // Called, on a thread of its own, with the name of the signal that is about to end the program.
  using Tell = std::function<void(const std::string& name)>;

  // kRepeatTime begins now.
  explicit SecondSignal(Tell tell);
  ~SecondSignal();
  SecondSignal(const SecondSignal&) = delete;
  SecondSignal& operator=(const SecondSignal&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Finds a line that is a given word in input that arrives in pieces.
class StopWord {
 public:
  explicit StopWord(std::string_view word) : word_(word) {}

  // True when `bytes` complete a line that is the word. A line may end in "\r\n".
  bool Feed(std::string_view bytes);

 private:
  const std::string word_;
  std::string line_;  // The beginning of the current line, as far as it matters.
};

}  // namespace piperpc::daemon
