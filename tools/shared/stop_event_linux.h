// A stop token that poll(2) can wait for.
#pragma once

#include <stop_token>

namespace piperpc::tools {

// file() becomes readable when the token is requested to stop. Linux.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop);
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  int file() const { return file_.number; }

 private:
  struct Signal {
    void operator()() const;
    int file;
  };

  struct File {
    File();
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    const int number;
  };

  const File file_;  // Closed after the callback, which may be running, has gone.
  std::stop_callback<Signal> on_stop_;
};

}  // namespace piperpc::tools
