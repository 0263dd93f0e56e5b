// The input of a session fuzzer as a script: steps, and the frames in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fuzz/input.h"
#include "src/wire/frame.h"

namespace piperpc::fuzz {

class Script : public Input {
 public:
  // `methods`: what frames may call beside names that the input makes up.
  Script(std::span<const std::uint8_t> input, std::span<const std::string_view> methods)
      : Input(input), methods_(methods) {}

  // Mostly small; else of any size, and often next to a power of two.
  std::uint64_t Number();

  std::string Payload();      // A text, or up to 96,000 bytes that the input does not have.
  std::string_view Method();  // One of the methods, or a text.
  std::string MetadataFields();
  absl::Status Status();

  // A frame of any kind, with a header that can be parsed; the values in it are the input's.
  std::string Frame();

 private:
  std::uint64_t CallId();
  std::string StatusBytes();
  std::string HelloPayload();
  std::string GoawayPayload();
  std::string PayloadOf(wire::FrameKind kind);

  const std::span<const std::string_view> methods_;
  std::size_t large_bytes_left_ = 1024 * 1024;  // So that an input takes no long time.
};

}  // namespace piperpc::fuzz
