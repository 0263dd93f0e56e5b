// A stop token that poll(2) can wait for.
#pragma once

#include <stop_token>

namespace piperpc::cli {

// Readable once the token was asked to stop. Linux.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop);
  ~StopEvent();
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  int file() const { return file_; }

 private:
  struct Signal {
    void operator()() const;
    int file;
  };

  const int file_;
  std::stop_callback<Signal> on_stop_;
};

}  // namespace piperpc::cli
