// The body of the frame fuzzer, which the wire tests also run over seeded inputs.
#pragma once

#include <cstddef>
#include <cstdint>

// Decodes the input as a packet, and again as each message of the wire. Aborts when what was
// decoded does not encode to the same meaning.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
