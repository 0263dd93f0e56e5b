// Which servers this thread is using, so that a function that would wait for its own thread can be
// refused.
#pragma once

namespace piperpc::server {

// While it lives, this thread uses the server.
class Using {
 public:
  enum class How {
    kChanging,  // Starts it, shuts it down, or adds a service to it.
    kTelling,   // Tells the log hook that it has started or ended; holds no lock meanwhile.
  };

  Using(const void* server, How how);
  ~Using();
  Using(const Using&) = delete;
  Using& operator=(const Using&) = delete;

  // The innermost one of this thread that is about `server`, or null.
  static const Using* Find(const void* server);

  How how() const { return how_; }

 private:
  const void* const server_;
  const How how_;
  const Using* const outer_;
};

// This thread is an event loop of `server` from now on.
void BecomeThreadOf(const void* server);
bool IsThreadOf(const void* server);

}  // namespace piperpc::server
