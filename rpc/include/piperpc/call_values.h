// Values that middleware and handlers keep for the duration of one call.
#pragma once

#include <memory>
#include <utility>

namespace piperpc {

template <typename T>
class CallKey;

// The values of one call, on the server (ServerContext::values()) and on the client
// (ClientContext::values()). Allocates nothing while it is empty. Not thread-safe, which is no
// restriction in practice: middleware runs one after the other, and only middleware and the handler
// itself write to it.
class CallValues {
 public:
  CallValues() = default;
  CallValues(const CallValues&) = delete;
  CallValues& operator=(const CallValues&) = delete;

 private:
  template <typename T>
  friend class CallKey;

  struct Node {
    explicit Node(const void* owner) : key(owner) {}
    virtual ~Node() = default;
    const void* const key;
    std::unique_ptr<Node> next;
  };

  template <typename T>
  struct Holder final : Node {
    template <typename... Arguments>
    explicit Holder(const void* owner, Arguments&&... arguments)
        : Node(owner), value(std::forward<Arguments>(arguments)...) {}
    T value;
  };

  std::unique_ptr<Node> last_;
};

// The key of one value of type T in the CallValues of every call. Middleware has it as a member,
// instead of a map by call; where handlers use the value too, the key is in a header:
//
//   inline const piperpc::CallKey<Tenant> kTenant;
//
//   absl::Status Before(piperpc::ServerContext& context) override {
//     kTenant.Emplace(context.values(), TenantOf(context.peer()));
//     ...
//   // In a handler:
//   const Tenant* tenant = kTenant.Find(context.values());
//
// Thread-safe.
template <typename T>
class CallKey {
 public:
  CallKey() = default;
  CallKey(const CallKey&) = delete;
  CallKey& operator=(const CallKey&) = delete;

  // Creates the value of a call from `arguments`; an earlier one is hidden by it. Values are
  // destroyed after the end of the call, the last one first.
  template <typename... Arguments>
  T& Emplace(CallValues& values, Arguments&&... arguments) const {
    auto holder =
        std::make_unique<CallValues::Holder<T>>(this, std::forward<Arguments>(arguments)...);
    T& value = holder->value;
    holder->next = std::move(values.last_);
    values.last_ = std::move(holder);
    return value;
  }

  // The value of a call; null when it has none.
  T* Find(const CallValues& values) const {
    for (CallValues::Node* node = values.last_.get(); node != nullptr; node = node->next.get()) {
      if (node->key == this) return &static_cast<CallValues::Holder<T>*>(node)->value;
    }
    return nullptr;
  }
};

}  // namespace piperpc
