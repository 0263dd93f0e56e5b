// The function that a call ends with: it runs where it was moved to, and goes away with its run.
#include "piperpc/internal/unary_done.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace piperpc::internal {
namespace {

constexpr char kReply[] = {'r', 'e', 'p', 'l', 'y'};

TEST(UnaryDoneTest, RunsWhereItWasMovedTo) {
  std::string got;
  UnaryDone first([&got](absl::Status status, std::span<const char> reply) {
    got = std::string(reply.begin(), reply.end()) + ' ' + std::string(status.message());
  });
  UnaryDone second(std::move(first));
  second.Run(absl::UnknownError("why"), kReply);
  EXPECT_EQ(got, "reply why");
}

TEST(UnaryDoneTest, WhatItHoldsGoesAwayWhenItHasRun) {
  auto held = std::make_shared<int>(0);
  UnaryDone done([held](absl::Status, std::span<const char>) { ++*held; });
  EXPECT_EQ(held.use_count(), 2);
  done.Run(absl::OkStatus(), {});
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 1);
}

TEST(UnaryDoneTest, WhatItHoldsGoesAwayWithItThoughItNeverRan) {
  auto held = std::make_shared<int>(0);
  {
    UnaryDone first([held](absl::Status, std::span<const char>) { ++*held; });
    const UnaryDone second(std::move(first));
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

// As a stub's does: the user's callback, which may own anything, and the method's name.
TEST(UnaryDoneTest, HoldsACallbackAndAName) {
  std::string got;
  absl::AnyInvocable<void(std::string)> callback =
      [&got, large = std::string(100, 'x')](std::string text) { got = text + large; };
  UnaryDone done([name = std::string_view("name"), callback = std::move(callback)](
                     absl::Status, std::span<const char>) mutable { callback(std::string(name)); });
  UnaryDone(std::move(done)).Run(absl::OkStatus(), {});
  EXPECT_EQ(got, "name" + std::string(100, 'x'));
}

}  // namespace
}  // namespace piperpc::internal
