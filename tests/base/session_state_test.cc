#include "piperpc/session_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace piperpc::testing {
namespace {

struct Cart {
  std::atomic<int> items = 0;
};
struct Basket {};

TEST(SessionState, PutsWhatIsNotThere) {
  SessionState session;
  const auto cart = std::make_shared<Cart>();
  EXPECT_EQ(session.FindOrPut(cart), cart);
  EXPECT_EQ(session.Find<Cart>(), cart);
}

TEST(SessionState, FindsWhatIsThereAndDropsTheOther) {
  SessionState session;
  const auto cart = std::make_shared<Cart>();
  session.Put(cart);
  auto other = std::make_shared<Cart>();
  const std::weak_ptr<Cart> dropped = other;
  EXPECT_EQ(session.FindOrPut(std::move(other)), cart);
  EXPECT_TRUE(dropped.expired());
  EXPECT_EQ(session.Find<Cart>(), cart);
}

TEST(SessionState, PutsWhereNullWasPut) {
  SessionState session;
  session.Put(std::shared_ptr<Cart>());
  const auto cart = std::make_shared<Cart>();
  EXPECT_EQ(session.FindOrPut(cart), cart);
}

TEST(SessionState, FindsByType) {
  SessionState session;
  session.Put(std::make_shared<Basket>());
  const auto cart = std::make_shared<Cart>();
  EXPECT_EQ(session.FindOrPut(cart), cart);
}

// A value that is dropped may use the session: it goes away without the lock.
TEST(SessionState, AValueThatIsNotKeptMayUseTheSession) {
  struct User {
    SessionState* session = nullptr;
    ~User() {
      if (session != nullptr) session->set_user("gone");
    }
  };
  SessionState session;
  session.Put(std::make_shared<User>());
  auto second = std::make_shared<User>();
  second->session = &session;
  session.FindOrPut(std::move(second));
  EXPECT_EQ(session.user(), "gone");
}

TEST(SessionState, AllThreadsGetTheSameObject) {
  constexpr int kRounds = 200;
  constexpr int kThreads = 4;
  for (int round = 0; round < kRounds; ++round) {
    SessionState session;
    std::vector<std::shared_ptr<Cart>> found(kThreads);
    std::promise<void> start;  // A std::latch hangs with mingw.
    const std::shared_future<void> started = start.get_future().share();
    {
      std::vector<std::jthread> threads;
      for (std::shared_ptr<Cart>& cart : found) {
        threads.emplace_back([&] {
          started.wait();
          cart = session.FindOrPut(std::make_shared<Cart>());
          ++cart->items;
        });
      }
      start.set_value();
    }
    EXPECT_EQ(std::set(found.begin(), found.end()).size(), 1u);
    EXPECT_EQ(session.Find<Cart>()->items, kThreads);
  }
}

}  // namespace
}  // namespace piperpc::testing
