// Threads that do something at the same time, again and again.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace piperpc::testing {

// Runs each part on a thread of its own.
class Racers {
 public:
  explicit Racers(std::vector<std::function<void()>> parts) : parts_(std::move(parts)) {
    for (const auto& part : parts_) {
      threads_.emplace_back([this, &part](const std::stop_token& stop) { Work(part, stop); });
    }
  }
  ~Racers() {
    for (std::jthread& thread : threads_) thread.request_stop();
    ++race_;
    race_.notify_all();
  }
  Racers(const Racers&) = delete;
  Racers& operator=(const Racers&) = delete;

  // All parts once, from the same moment on; returns when they have ended.
  void Race() {
    at_start_ = 0;
    at_end_ = 0;
    ++race_;
    race_.notify_all();
    for (std::size_t ended = 0; ended < parts_.size(); ended = at_end_) at_end_.wait(ended);
  }

 private:
  void Work(const std::function<void()>& part, const std::stop_token& stop) {
    for (int race = 0;; ++race) {
      race_.wait(race);
      if (stop.stop_requested()) return;
      ++at_start_;
      while (at_start_ < parts_.size()) std::this_thread::yield();
      part();
      ++at_end_;
      at_end_.notify_one();
    }
  }

  const std::vector<std::function<void()>> parts_;
  std::atomic<int> race_ = 0;
  std::atomic<std::size_t> at_start_ = 0;
  std::atomic<std::size_t> at_end_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace piperpc::testing
