// A stop source that stops with another one.
#pragma once

#include <stop_token>
#include <utility>

namespace piperpc::internal {

// Stops when `outer` does, and when it is asked to. Any thread.
class LinkedStop {
 public:
  explicit LinkedStop(std::stop_token outer) : link_(std::move(outer), PassOn{source_}) {}
  LinkedStop(const LinkedStop&) = delete;
  LinkedStop& operator=(const LinkedStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  void RequestStop() { PassOn{source_}(); }

 private:
  struct PassOn {
    // What this lets go on may destroy the source: so by a copy.
    void operator()() const { std::stop_source(source).request_stop(); }
    const std::stop_source& source;
  };

  std::stop_source source_;
  std::stop_callback<PassOn> link_;
};

}  // namespace piperpc::internal
