// The log: one JSON object on each line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "piperpc/log.h"
#include "tools/piperpcd/line_output.h"

namespace piperpc::daemon {

//     {"time":"2026-01-31T12:00:00.123Z","level":"info","event":"listening","endpoint":"demo"}
//
// Thread-safe, and never waits for who reads the log. What nobody reads is dropped above
// kQueueBytes, and counted: the next line that is taken comes after one that says
// "event":"log lines dropped","dropped":"12".
class LogWriter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kQueueBytes = 1024 * 1024;

  // Lines of one event about one user ("peer_user") within a window that come through the hook,
  // whatever their level: so nobody's lines hide those about somebody else. Those above are left
  // out, and counted in the next line of that kind, or at the end: "left_out":"300".
  static constexpr std::size_t kLinesPerWindow = 20;
  static constexpr std::chrono::seconds kWindow{10};

  LogWriter(LineOutput::Sink sink, LogLevel least)
      : output_(std::move(sink), kQueueBytes), least_(least) {}
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void Write(const LogRecord& record);

  // As Write(), with the limit of one kind's lines: for what strangers can cause.
  void WriteLimited(const LogRecord& record, TimePoint now);

  // For the library. The writer outlives the hook.
  LogHook Hook() {
    return
        [this](const LogRecord& record) { WriteLimited(record, std::chrono::steady_clock::now()); };
  }

  // Says what was left out, and waits up to `limit` until all is written. False: it is not.
  bool Finish(std::chrono::milliseconds limit);

 private:
  struct Kind {
    TimePoint window_begin;
    std::size_t lines = 0;
    std::uint64_t left_out = 0;
  };
  struct Key {
    std::string event;
    std::string user;  // Empty where the event is about nobody.
    bool operator<(const Key& other) const {
      return std::tie(event, user) < std::tie(other.event, other.user);
    }
  };
  static constexpr std::size_t kMostKinds = 1000;  // Above it, those of past windows are forgotten.

  void Add(const LogRecord& record);
  void AddLeftOut(const Key& key, std::uint64_t lines);
  void ForgetOld(TimePoint now);

  std::mutex mutex_;  // Of all but the output.
  std::map<Key, Kind> kinds_;
  std::uint64_t dropped_ = 0;
  LineOutput output_;
  const LogLevel least_;
};

// The line, without its newline. `time`: as in the example above.
std::string FormatRecord(const LogRecord& record, std::string_view time);

}  // namespace piperpc::daemon
