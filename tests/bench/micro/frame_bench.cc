// Bytes to frames and back, for packets of one frame and of many.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "src/wire/frame.h"
#include "src/wire/metadata.h"

namespace piperpc::wire {
namespace {

constexpr std::string_view kPayload = "as many bytes as a small message";

FrameHeader Request() {
  return {.kind = FrameKind::kRequest,
          .call_id = 1000,
          .flags = kEnd,
          .method = "bench.v1.BenchService/Echo",
          .timeout_us = 30'000'000};
}

FrameHeader RequestWithMetadata() {
  static const std::string metadata =
      *EncodeMetadata({{"trace", "4bf92f3577b34da6"}, {"tenant", "blue"}}, 8192);
  FrameHeader header = Request();
  header.metadata = metadata;
  return header;
}

FrameHeader Response() { return {.kind = FrameKind::kResponse, .call_id = 1000, .flags = kEnd}; }

FrameHeader Message() { return {.kind = FrameKind::kMessage, .call_id = 1000}; }

std::vector<char> EmptyPacket(const FrameHeader& header, std::int64_t frames) {
  return std::vector<char>(FrameSize(header, kPayload.size()) * static_cast<std::size_t>(frames));
}

void Fill(std::vector<char>& packet, const FrameHeader& header) {
  for (char* at = packet.data(); at != packet.data() + packet.size(); at += kPayload.size()) {
    at = EncodeFramePrefix(header, kPayload.size(), at);
    std::memcpy(at, kPayload.data(), kPayload.size());
  }
}

void Encode(benchmark::State& state, const FrameHeader& header) {
  std::vector<char> packet = EmptyPacket(header, state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(FrameSize(header, kPayload.size()));
    Fill(packet, header);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void Decode(benchmark::State& state, const FrameHeader& header) {
  std::vector<char> packet = EmptyPacket(header, state.range(0));
  Fill(packet, header);
  for (auto _ : state) {
    for (PacketReader reader(packet); !reader.done();) {
      Frame frame;
      if (!reader.Next(frame)) return state.SkipWithError("a frame that is none");
      benchmark::DoNotOptimize(frame.payload.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK_CAPTURE(Encode, request, Request())->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(Encode, request_with_metadata, RequestWithMetadata())->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(Encode, response, Response())->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(Encode, message, Message())->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(Decode, request, Request())->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(Decode, request_with_metadata, RequestWithMetadata())->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(Decode, response, Response())->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(Decode, message, Message())->Arg(1)->Arg(64);

}  // namespace
}  // namespace piperpc::wire
