// What a connection needs of the server around it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "piperpc/async.h"
#include "piperpc/executor.h"
#include "piperpc/metrics.h"
#include "piperpc/server.h"
#include "src/base/exceptions.h"
#include "src/connection/loop_executor.h"
#include "src/connection/memory_budget.h"
#include "src/connection/packet_buffer.h"
#include "src/metrics/registry.h"
#include "src/server/call_memory.h"
#include "src/server/dispatcher.h"
#include "src/server/hello.h"
#include "src/server/log_fields.h"
#include "src/server/options.h"
#include "src/server/user_queue.h"
#include "src/transport/event_loop.h"

namespace piperpc {

namespace server {

class Connection;

// One for the whole server; read by all loops.
struct ServerCore {
  const ServerOptions& options;
  const Dispatcher& dispatcher;
  WorkerPool& workers;
  connection::MemoryBudget budget{ParseBudget(options), "parse_budget_bytes"};
  const std::size_t connection_share = ConnectionShare(options);
  connection::MemoryBudget reply_budget{ReplyBudget(options), "reply_budget_bytes"};
  const HelloPayloads hello{options};
  std::atomic<std::size_t> users = 0;  // Who have connections.
  bool is_shared() const { return users.load(std::memory_order_relaxed) > 1; }

  // Somebody wants to know what each call has done.
  const bool counts_calls = options.metrics != nullptr || !options.middleware.empty();

  // Null: nobody counts.
  metrics::Registry* registry() const {
    return options.metrics == nullptr ? nullptr : &options.metrics->registry();
  }

  // `fields` makes those of the record, and is called only when somebody listens.
  template <typename Fields>
  void Log(LogLevel level, std::string_view event, Fields fields) const {
    if (options.log) base::RunSilently([&] { options.log({level, event, fields()}); });
  }
};

// What one user's connections have of the server, and which outlives them.
struct UserPart {
  // `loops`: of the server; none for those who are only refused, and never read.
  UserPart(ServerCore& core, std::string_view user, std::size_t loops)
      : budget(UserShare(core.options), "parse_budget_per_user", &core.budget),
        reply_budget(UserReplyShare(core.options), "reply_budget_bytes, the share of a user",
                     &core.reply_budget),
        workers(core.workers, user),
        queues(std::make_unique<UserQueue[]>(loops)) {}
  connection::MemoryBudget budget;
  connection::MemoryBudget reply_budget;
  WorkerPool workers;
  const std::unique_ptr<UserQueue[]> queues;  // One for each loop.
};

// The loop that a connection lives on, and what its connections share.
class ConnectionHost {
 public:
  ConnectionHost(const ConnectionHost&) = delete;
  ConnectionHost& operator=(const ConnectionHost&) = delete;

  ServerCore& core() { return core_; }
  transport::EventLoop& loop() { return thread_.loop(); }
  Executor& executor() { return thread_.executor(); }
  connection::BufferPool& buffers() { return buffers_; }  // For what the connections send.
  const connection::BufferSource& buffer_source() const { return buffer_source_; }
  CallMemory& call_memory() { return call_memory_; }
  UserQueue& QueueOf(UserPart& user) { return user.queues[number_]; }
  std::size_t number() const { return number_; }  // Of the server's loops; the first one is 0.

  // In this iteration, packets that have just come were looked at for so long, or those that were
  // kept, that the others must wait: it may be that somebody wants to connect. Each of the two has
  // its own time, or the ones could make the others wait for ever.
  bool IsLongIteration(base::TimePoint now) const { return now - packets_begin_ > kLongIteration; }

  // Before a packet that has just come, or was kept, is looked at.
  void BeginPacket(base::TimePoint now) {
    if (std::exchange(packets_iteration_, loop().iterations()) != loop().iterations()) {
      packets_begin_ = now;
    }
  }
  void BeginKeptPacket(base::TimePoint now) {
    if (std::exchange(kept_iteration_, loop().iterations()) != loop().iterations()) {
      packets_iteration_ = kept_iteration_;
      packets_begin_ = now;
    }
  }

  // Calls in flight. Counted on the loop only, so that loops do not wait for each other; read by
  // any thread.
  std::size_t calls() const { return calls_.load(std::memory_order_relaxed); }
  void CountCall() { calls_.store(calls() + 1, std::memory_order_relaxed); }
  void UncountCall() { calls_.store(calls() - 1, std::memory_order_relaxed); }

  // Describes a call that the shutdown has stopped, and that has ended.
  void AddStopped(std::string call) { stopped_.push_back(std::move(call)); }

  // Describes who has left what unread when there was no more time.
  void AddUndelivered(std::string whom) { undelivered_.push_back(std::move(whom)); }

  // The client has said Hello.
  virtual void OnHello(Connection& connection) = 0;

  // On a shared server: see UserRoundRobin::ContinueOrQueue().
  virtual bool ContinueOrQueue(UserQueue& queue, Connection& connection) = 0;

  // The connection has ended; destroys it, later in this iteration or in a later one.
  virtual void OnClosed(Connection& connection) = 0;

 protected:
  ConnectionHost(ServerCore& core, std::unique_ptr<transport::EventLoop> loop, std::size_t number)
      : core_(core), number_(number), thread_(std::move(loop)) {}
  ~ConnectionHost() = default;

  connection::LoopThread& thread() { return thread_; }
  std::vector<std::string>& stopped() { return stopped_; }
  std::vector<std::string>& undelivered() { return undelivered_; }

 private:
  static constexpr base::Duration kLongIteration = std::chrono::milliseconds(10);

  ServerCore& core_;
  const std::size_t number_;
  connection::LoopThread thread_;
  connection::BufferPool buffers_;
  const connection::BufferSource buffer_source_{&buffers_};
  CallMemory call_memory_;
  std::uint64_t packets_iteration_ = 0;  // In which packets were looked at last,
  std::uint64_t kept_iteration_ = 0;     // and kept ones;
  base::TimePoint packets_begin_;        // and since when, of the last kind.
  std::atomic<std::size_t> calls_ = 0;
  std::vector<std::string> stopped_;
  std::vector<std::string> undelivered_;
};

}  // namespace server
}  // namespace piperpc
