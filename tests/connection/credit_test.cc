#include "src/connection/credit.h"

#include <gtest/gtest.h>

namespace piperpc {
namespace {

TEST(SendCreditTest, TheLastMessageMayGoBelowZero) {
  connection::SendCredit credit(100);
  credit.Spend(1000);
  EXPECT_FALSE(credit.may_send());
  credit.Add(932);
  EXPECT_FALSE(credit.may_send());
  credit.Add(1);
  EXPECT_TRUE(credit.may_send());
}

TEST(SendCreditTest, MoreThanCanBeCountedStaysAtTheMost) {
  constexpr std::uint64_t kMost = (std::uint64_t{1} << 63) - 1;
  for (const std::uint64_t initial : {kMost, kMost + 1, kMost + 100'001, ~std::uint64_t{0}}) {
    connection::SendCredit credit(initial);
    credit.Spend(1'000'000);
    EXPECT_TRUE(credit.may_send()) << initial;
  }
  connection::SendCredit credit(100);
  for (int i = 0; i < 4; ++i) credit.Add(std::uint64_t{1} << 62);
  credit.Spend(1'000'000);
  credit.Add(~std::uint64_t{0});
  EXPECT_TRUE(credit.may_send());
}

TEST(SendCreditTest, TheMostCanBeGivenToWhoIsBelowZero) {
  for (const std::uint64_t most : {(std::uint64_t{1} << 63) - 1, (std::uint64_t{1} << 63) + 1}) {
    connection::SendCredit credit(0);
    credit.Spend(1'000'000);
    credit.Add(most);
    EXPECT_TRUE(credit.may_send());
  }
}

TEST(ReceiveCreditTest, APeerWithoutCreditIsFoundOut) {
  connection::ReceiveCredit credit(100);
  EXPECT_TRUE(credit.Receive(68));
  EXPECT_FALSE(credit.Receive(0));
}

TEST(ReceiveCreditTest, HalfAWindowIsGivenBackAtOnce) {
  connection::ReceiveCredit credit(200);
  EXPECT_TRUE(credit.Receive(20));
  EXPECT_EQ(credit.Consume(20), 0u);
  EXPECT_TRUE(credit.Receive(20));
  EXPECT_EQ(credit.Consume(20), 104u);
}

TEST(ReceiveCreditTest, WhatIsGivenBackKeepsAStreamGoing) {
  connection::ReceiveCredit receiver(1000);
  connection::SendCredit sender(1000);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(sender.may_send());
    sender.Spend(100);
    ASSERT_TRUE(receiver.Receive(100));
    if (const std::uint64_t grant = receiver.Consume(100); grant != 0) {
      sender.Add(grant);
    }
  }
}

}  // namespace
}  // namespace piperpc
