// The service whose code the documents show.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/stream.h"
#include "shop/v1/shop.piperpc.h"

namespace shop::v1 {

// Prices that any thread may read and change.
class Prices {
 public:
  std::optional<std::int64_t> Find(const std::string& item) const {
    const std::lock_guard lock(mutex_);
    const auto found = prices_.find(item);
    return found == prices_.end() ? std::nullopt : std::optional(found->second);
  }
  void Set(const std::string& item, std::int64_t cents) {
    const std::lock_guard lock(mutex_);
    prices_[item] = cents;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> prices_;
};

inline absl::Status NoSuchItem(const std::string& item) {
  absl::Status status = absl::NotFoundError("no item called " + item);
  DidYouMean hint;
  hint.add_items("tea");
  status.SetPayload("type.googleapis.com/shop.v1.DidYouMean", absl::Cord(hint.SerializeAsString()));
  return status;
}

class Shop final : public ShopService {
 public:
  explicit Shop(Prices& prices) : prices_(prices) {}

 private:
  // Unary: returns the response, or an error.
  piperpc::Task<absl::StatusOr<GetPriceResponse>> CoGetPrice(piperpc::ServerContext&,
                                                             GetPriceRequest request) override {
    const std::optional<std::int64_t> cents = prices_.Find(request.item());
    if (!cents.has_value()) co_return NoSuchItem(request.item());
    GetPriceResponse response;
    response.set_cents(*cents);
    co_return response;
  }

  // Server streaming: yields responses. Ends when nobody wants them any more.
  piperpc::Stream<WatchPricesResponse> CoWatchPrices(piperpc::ServerContext& context,
                                                     WatchPricesRequest request) override {
    std::optional<std::int64_t> last;
    while (!context.drain_token().stop_requested()) {
      const std::optional<std::int64_t> cents = prices_.Find(request.item());
      if (cents.has_value() && cents != last) {
        WatchPricesResponse response;
        response.set_cents(*cents);
        co_yield response;
        last = cents;
      }
      auto pause = piperpc::Sleep(std::chrono::milliseconds(10), context.drain_token());
      co_await pause;
    }
    const absl::Status going = absl::UnavailableError("the shop closes");
    co_yield going;
  }

  // Client streaming, as a function that may block: it runs on a worker thread.
  absl::StatusOr<ImportItemsResponse> ImportItems(
      piperpc::ServerContext&, piperpc::Reader<ImportItemsRequest>& reader) override {
    ImportItemsResponse response;
    while (std::optional<ImportItemsRequest> item = reader.Next()) {
      prices_.Set(item->item(), item->cents());
      response.set_count(response.count() + 1);
    }
    return response;
  }

  // Bidirectional: reads and yields in turn.
  piperpc::Stream<HaggleResponse> CoHaggle(piperpc::ServerContext&,
                                           piperpc::CoReader<HaggleRequest> reader) override {
    std::int64_t ask = 1000;
    while (std::optional<HaggleRequest> offer = co_await reader.CoNext()) {
      ask = (ask + offer->cents()) / 2;
      HaggleResponse response;
      response.set_cents(ask);
      co_yield response;
    }
  }

  // Work that blocks, within a coroutine: on a worker thread.
  piperpc::Task<absl::StatusOr<SetPriceResponse>> CoSetPrice(piperpc::ServerContext& context,
                                                             SetPriceRequest request) override {
    auto stored = piperpc::RunBlocking(context.workers(), [this, request] {
      prices_.Set(request.item(), request.cents());
      return absl::OkStatus();
    });
    absl::Status status = co_await stored;
    if (!status.ok()) co_return status;
    co_return SetPriceResponse();
  }

  Prices& prices_;
};

}  // namespace shop::v1
