// How a person, or the system, tells the program to end.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace piperpc::daemon {

struct StopReason {
  std::string text;  // For the log.
  // After that the system ends the program, ready or not.
  std::chrono::milliseconds time_left = std::chrono::milliseconds::max();
};

// Made before any other thread, and once.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  // Waits for a signal to end, or, unless `stop_word` is empty, for that word alone on a line of
  // standard input. The end of standard input is no such word. Further signals are held back from
  // then on; see SecondSignal.
  StopReason Wait(std::string_view stop_word);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// What happens to signals once the program is ending: those of the first kRepeatTime belong to the
// one that came before, as timeout(1) signals a program and then its whole group; a later one ends
// the program at once, by that signal. There is one of these at a time.
class SecondSignal {
 public:
  static constexpr std::chrono::seconds kRepeatTime{1};

  // Gets the name of the signal that is about to end the program, on a thread of its own.
  using Tell = std::function<void(const std::string& name)>;

  // The time of repeats begins now.
  explicit SecondSignal(Tell tell);
  ~SecondSignal();
  SecondSignal(const SecondSignal&) = delete;
  SecondSignal& operator=(const SecondSignal&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Finds a word alone on a line in what arrives piece by piece.
class StopWord {
 public:
  explicit StopWord(std::string_view word) : word_(word) {}

  // True when `bytes` completed a line that is the word. A line's end may be "\r\n".
  bool Feed(std::string_view bytes);

 private:
  const std::string word_;
  std::string line_;  // No more of it than could be the word and a bit.
};

}  // namespace piperpc::daemon
