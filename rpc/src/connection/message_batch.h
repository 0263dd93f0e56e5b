// Messages that wait for their reader, back to back in one buffer: many of them cost as little as
// one does.
#pragma once

#include <cstddef>
#include <cstring>

#include "src/connection/packet_buffer.h"
#include "src/wire/frame.h"

namespace piperpc::connection {

class MessageBatch {
 public:
  bool empty() const { return next_ == bytes_.size(); }

  void Add(wire::Bytes message) {
    const std::size_t size = message.size();
    char* const place = bytes_.Append(sizeof(size) + size);
    std::memcpy(place, &size, sizeof(size));
    if (size != 0) std::memcpy(place + sizeof(size), message.data(), size);
  }

  // Takes the oldest message; only when not empty(). Valid until Add() or Clear().
  wire::Bytes Next() {
    std::size_t size;
    std::memcpy(&size, bytes_.data() + next_, sizeof(size));
    const wire::Bytes message(bytes_.data() + next_ + sizeof(size), size);
    next_ += sizeof(size) + size;
    return message;
  }

  // Keeps the memory for the next messages, unless it is a lot.
  void Clear();

 private:
  PacketBuffer bytes_;    // Each message after its size.
  std::size_t next_ = 0;  // Where the oldest one begins.
};

}  // namespace piperpc::connection
