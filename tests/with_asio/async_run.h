// Runs a coroutine of PipeRPC as an asynchronous operation of asio.
#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "piperpc/task.h"
#include "with_asio/asio_executor.h"

// The operation; owns itself from Start() to its end.
template <typename T, typename Make, typename Handler>
class RunningTask {
 public:
  RunningTask(AsioExecutor& executor, Make make, Handler handler)
      : make_(std::move(make)),
        handler_(std::move(handler)),
        work_(asio::make_work_guard(executor.context())) {
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) {
      slot.assign([stop = stop_](asio::cancellation_type) mutable { stop.request_stop(); });
    }
  }

  void Start() {
    task_.emplace(make_(stop_.get_token()));
    task_->Start(&End, this);
  }

 private:
  static void End(void* self) {
    const std::unique_ptr<RunningTask> ended(static_cast<RunningTask*>(self));
    std::exception_ptr thrown;
    T result{};
    try {
      result = ended->task_->Take();
    } catch (...) {
      thrown = std::current_exception();
    }
    // The handler is called where asio wants it; the guard keeps the io_context at work until then.
    const auto where = asio::get_associated_executor(ended->handler_, ended->work_.get_executor());
    asio::post(where, [handler = std::move(ended->handler_), work = std::move(ended->work_), thrown,
                       result = std::move(result)]() mutable {
      asio::get_associated_cancellation_slot(handler).clear();
      std::move(handler)(thrown, std::move(result));
    });
  }

  Make make_;
  Handler handler_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::stop_source stop_;
  std::optional<piperpc::Task<T>> task_;
};

// Calls `make(std::stop_token)` on `executor`, runs the Task<T> that it returns there, and
// completes with (std::exception_ptr, T). T has a default constructor. The token stops when the
// operation is cancelled; the task then ends by itself, and the operation with it.
template <typename Make, typename Token>
auto AsyncRun(AsioExecutor& executor, Make make, Token&& token) {
  using T = decltype(make(std::stop_token()).Take());
  return asio::async_initiate<Token, void(std::exception_ptr, T)>(
      [&executor](auto handler, Make its) {
        using Running = RunningTask<T, Make, std::decay_t<decltype(handler)>>;
        auto running = std::make_unique<Running>(executor, std::move(its), std::move(handler));
        executor.Post([running = std::move(running)]() mutable { running.release()->Start(); });
      },
      token, std::move(make));
}
