// A service of raw bytes with one method of each type. What they do beside their replies is asked
// for by metadata.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/async.h"
#include "piperpc/raw_service.h"
#include "support/test_service.h"

namespace piperpc::testing {

// "shapes.v1.Raw": Unary replies what it got, Down replies it twice, Up all that it got in one,
// Both each message by itself. All of them send the metadata back as trailers. With "fail" among it
// they end with DATA_LOSS and a detail, with "wait" they wait until they are stopped.
class ShapesService {
 public:
  static constexpr char kDetail[] = "type.googleapis.com/shapes.v1.Detail";

  ShapesService() : service_("shapes.v1.Raw") {
    service_.AddUnary("Unary", [this](ServerContext& context, RawMessage request) {
      return Unary(context, std::move(request));
    });
    service_.AddServerStreaming("Down", [this](ServerContext& context, RawMessage request) {
      return Down(context, std::move(request));
    });
    service_.AddClientStreaming("Up", [this](ServerContext& context, CoReader<RawMessage> reader) {
      return Up(context, reader);
    });
    service_.AddBidirectional("Both", [this](ServerContext& context, CoReader<RawMessage> reader) {
      return Both(context, reader);
    });
  }

  RawService& service() { return service_; }

  Counter waiting;  // Calls that wait to be stopped.
  Counter stopped;  // Those that were.

 private:
  Task<absl::Status> Begin(ServerContext& context) {
    absl::Status status;
    for (const auto& [key, value] : context.metadata()) {
      context.AddTrailer(key, value);
      if (key == "fail") {
        status = absl::DataLossError(value);
        status.SetPayload(kDetail, absl::Cord("detail"));
      }
      if (key != "wait") continue;
      AsyncEvent never;
      waiting.Add();
      auto stop = never.Wait(context.stop_token());
      co_await stop;
      stopped.Add();
      status = absl::CancelledError("stopped");
    }
    co_return status;
  }

  Task<RawResult> Unary(ServerContext& context, RawMessage request) {
    auto begin = Begin(context);
    absl::Status status = co_await begin;
    if (!status.ok()) co_return status;
    co_return request;
  }

  Stream<RawMessage> Down(ServerContext& context, RawMessage request) {
    auto begin = Begin(context);
    absl::Status status = co_await begin;
    if (!status.ok()) co_yield status;
    co_yield request;
    co_yield request;
  }

  Task<RawResult> Up(ServerContext& context, CoReader<RawMessage> reader) {
    auto begin = Begin(context);
    absl::Status status = co_await begin;
    if (!status.ok()) co_return status;
    RawMessage all;
    while (std::optional<RawMessage> part = co_await reader.CoNext()) all.bytes += part->bytes;
    co_return all;
  }

  Stream<RawMessage> Both(ServerContext& context, CoReader<RawMessage> reader) {
    auto begin = Begin(context);
    absl::Status status = co_await begin;
    if (!status.ok()) co_yield status;
    while (std::optional<RawMessage> message = co_await reader.CoNext()) co_yield *message;
  }

  RawService service_;
};

}  // namespace piperpc::testing
