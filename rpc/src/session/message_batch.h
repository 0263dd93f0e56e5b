// Messages that wait for their reader, back to back in one buffer: many of them cost as little as
// one does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "src/wire/frame.h"

namespace piperpc {

class MessageBatch {
 public:
  bool empty() const { return next_ == ends_.size(); }

  void Add(wire::Bytes message);

  // Takes the oldest message; only when not empty(). Valid until Add() or Clear().
  wire::Bytes Next();

  // Keeps the memory for the next messages, unless it is a lot.
  void Clear();

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;  // Of the messages, in bytes_.
  std::size_t next_ = 0;           // The oldest one.
  std::size_t begin_ = 0;          // Where it begins.
};

}  // namespace piperpc
