// Two sides of a transport, and what their delegates have seen. Every wait is bounded.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/transport/transport.h"
#include "support/scratch_folder.h"

namespace piperpc::transport {

inline constexpr std::chrono::seconds kPatience(60);  // No test waits longer for anything.

inline base::TimePoint Soon() { return base::After(kPatience); }

// Something that threads wait for.
class Monitor {
 public:
  // False, and a test failure, when it does not become true in time.
  bool WaitFor(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    const bool met = changed_.wait_until(lock, Soon(), condition);
    EXPECT_TRUE(met) << "gave up waiting";
    return met;
  }
  void Change(const std::function<void()>& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <typename T>
  T Read(const T& value) {
    const std::lock_guard lock(mutex_);
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// A loop that runs on a thread of its own.
class LoopThread {
 public:
  explicit LoopThread(Transport& transport);
  ~LoopThread();

  EventLoop& loop() { return *loop_; }
  void Start();
  void Stop();                                 // And waits for the end of the thread.
  void Do(const std::function<void()>& work);  // On the loop; waits until it is done.

 private:
  std::unique_ptr<EventLoop> loop_;
  std::thread thread_;
};

// One end of a pipe and all that its delegate was told.
class End final : public Pipe::Delegate {
 public:
  explicit End(std::unique_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~End() { EXPECT_TRUE(loop_ == nullptr || closed_) << "an attached pipe was not closed"; }

  Pipe& pipe() { return *pipe_; }
  void Attach(LoopThread& loop);
  void Receive();  // One packet.
  void ReceiveAll();
  void Close(CloseMode mode = CloseMode::kAbort);

  absl::StatusOr<SendResult> Send(const std::string& packet);
  SendResult MustSend(const std::string& packet);  // Not before the last one was sent.
  absl::StatusOr<std::string> ReceiveUntil(base::TimePoint deadline);

  std::string WaitPacket();  // The next one.
  absl::Status WaitError();
  absl::Status WaitSent();
  std::size_t packets() { return monitor_.Read(packets_.size()); }
  int errors() { return monitor_.Read(errors_); }
  int sent() { return monitor_.Read(sent_); }

  // Runs in OnReceive() instead of keeping the packet. Set it before Attach().
  std::function<void(Bytes)> on_receive;

 private:
  void OnReceive(Bytes packet) override;
  void OnReceiveError(absl::Status status) override;
  void OnSent(absl::Status status) override;

  std::unique_ptr<Pipe> pipe_;
  LoopThread* loop_ = nullptr;
  Monitor monitor_;
  std::deque<std::string> packets_;
  std::deque<absl::Status> receive_errors_;
  std::deque<absl::Status> send_results_;
  std::vector<char> buffer_;
  std::atomic<bool> receive_all_ = false;
  std::atomic<bool> closed_ = false;
  int errors_ = 0;
  int sent_ = 0;
};

// Takes what a listener hands out.
class Acceptor final : public Listener::Delegate {
 public:
  std::unique_ptr<Pipe> WaitPipe();
  std::pair<std::unique_ptr<Pipe>, absl::Status> WaitRefused();
  bool empty() { return monitor_.Read(pipes_.empty()); }
  absl::Status WaitError();
  absl::Status WaitRemoved();  // What became of it when the endpoint's files were removed.
  std::size_t removed() { return monitor_.Read(removed_.size()); }  // That nobody waited for.

  // The answer of Admit(). Before the listener begins.
  absl::Status verdict;

 private:
  absl::Status Admit(const Peer&) override { return verdict; }
  void OnConnect(std::unique_ptr<Pipe> pipe) override;
  void OnRefuse(std::unique_ptr<Pipe> pipe, absl::Status reason) override;
  void OnAcceptError(absl::Status status) override;
  void OnEndpointRemoved(absl::Status restored) override;

  Monitor monitor_;
  std::deque<std::unique_ptr<Pipe>> pipes_;
  std::deque<std::pair<std::unique_ptr<Pipe>, absl::Status>> refused_;
  std::deque<absl::Status> errors_;
  std::deque<absl::Status> removed_;
};

// A listener and what it needs; closed at the end.
class Server {
 public:
  Server(Transport& transport, LoopThread& loop, const Endpoint& endpoint,
         const ListenOptions& options = {});
  ~Server() { Close(); }

  const absl::Status& status() const { return status_; }
  Acceptor& acceptor() { return acceptor_; }
  void Close();
  void BeginClose();  // On the loop; Close() waits for the end.

 private:
  LoopThread& loop_;
  Acceptor acceptor_;
  absl::Status status_;
  std::unique_ptr<Listener> listener_;
  Monitor monitor_;
  bool closing_ = false;
  bool closed_ = false;
};

// A folder that a test's endpoints belong to.
class ScratchFolder : public piperpc::testing::ScratchFolder {
 public:
  Endpoint endpoint(const std::string& name = "s") const;
};

// `size` bytes that depend on `seed` and on their place.
std::string Pattern(std::size_t size, unsigned seed = 1);

// The transport of that name; null where the system refuses it, and why in `reason`.
std::unique_ptr<Transport> NewTransport(const std::string& name, std::string& reason);

}  // namespace piperpc::transport
