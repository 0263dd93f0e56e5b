#include "src/server/call_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace piperpc::server {
namespace {

constexpr std::size_t kPiece = 448;

// More than are kept for later.
std::vector<void*> TakeMany(CallMemory& memory) {
  std::vector<void*> pieces(1000);
  for (void*& piece : pieces) {
    piece = memory.Take(kPiece);
    std::memset(piece, 0xAB, kPiece);
  }
  return pieces;
}

TEST(CallMemory, NoPieceIsTakenTwice) {
  CallMemory memory;
  for (int round = 0; round < 3; ++round) {
    const std::vector<void*> pieces = TakeMany(memory);
    EXPECT_EQ(std::set<void*>(pieces.begin(), pieces.end()).size(), pieces.size());
    for (void* piece : pieces) memory.Give(piece);
  }
}

TEST(CallMemory, WhatWasGivenLastIsTakenFirst) {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  GTEST_SKIP() << "nothing is kept, so that a use after the end is seen";
#endif
  CallMemory memory;
  void* const cold = memory.Take(kPiece);
  void* const warm = memory.Take(kPiece);
  memory.Give(cold);
  memory.Give(warm);
  EXPECT_EQ(memory.Take(kPiece), warm);
  EXPECT_EQ(memory.Take(kPiece), cold);
  memory.Give(cold);
  memory.Give(warm);
}

}  // namespace
}  // namespace piperpc::server
