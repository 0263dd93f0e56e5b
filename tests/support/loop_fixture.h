// Tests of coroutines on an event loop.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "piperpc/task.h"
#include "src/connection/loop_executor.h"
#include "src/transport/transport.h"

namespace piperpc::testing {

// A loop on a thread, and tasks that run on it.
class LoopFixture : public ::testing::Test {
 protected:
  LoopFixture() : loop_(*(*transport::SystemTransport("auto"))->NewLoop()) {
    EXPECT_TRUE(loop_.Start().ok());
  }

  // Runs `work` on the loop, and waits for its end.
  void OnLoop(absl::AnyInvocable<void()> work) {
    std::promise<void> done;
    loop_.loop().Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  // Starts the task on the loop; the future has its result. The frame lives until the fixture ends.
  template <typename T>
  std::future<T> Start(Task<T> task) {
    struct Running {
      Task<T> task;
      std::promise<T> promise;
    };
    auto running = std::make_shared<Running>(Running{std::move(task), {}});
    OnLoop([this, running] {
      kept_.push_back(running);
      running->task.Start(
          [](void* raw) {
            auto* const self = static_cast<Running*>(raw);
            try {
              if constexpr (std::is_void_v<T>) {
                self->task.Take();
                self->promise.set_value();
              } else {
                self->promise.set_value(self->task.Take());
              }
            } catch (...) {
              self->promise.set_exception(std::current_exception());
            }
          },
          running.get());
    });
    return running->promise.get_future();
  }

  // Destroys the frames of all tasks, where they wait.
  void DestroyFrames() {
    OnLoop([this] { kept_.clear(); });
  }

  void TearDown() override { DestroyFrames(); }

  connection::LoopThread loop_;
  std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace piperpc::testing
