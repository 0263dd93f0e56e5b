// From a method's name to who handles it.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "src/server/dispatcher.h"

namespace piperpc::server {
namespace {

class ManyMethods final : public Service {
 public:
  explicit ManyMethods(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      names_.push_back("bench.v1.BenchService/Method" + std::to_string(i));
    }
    for (const std::string& name : names_) {
      methods_.push_back({.name = name, .start = [](Service&, internal::ServerCall&) {}});
    }
  }

  std::string_view name() const override { return "bench.v1.BenchService"; }
  std::span<const Method> methods() const override { return methods_; }

 private:
  std::vector<std::string> names_;
  std::vector<Method> methods_;
};

// Asks for all of them by turns.
void Find(benchmark::State& state) {
  ManyMethods service(state.range(0));
  Dispatcher dispatcher;
  if (!dispatcher.Add(service).ok()) return state.SkipWithError("the service was refused");
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(dispatcher.Find(service.methods()[next].name));
    next = next + 1 < service.methods().size() ? next + 1 : 0;
  }
}
BENCHMARK(Find)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
}  // namespace piperpc::server
