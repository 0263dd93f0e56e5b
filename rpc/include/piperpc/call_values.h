// What code keeps for the time of one call.
#pragma once

#include <memory>
#include <utility>

namespace piperpc {

template <typename T>
class CallKey;

// A call's own store, of both sides: ServerContext::values(), ClientContext::values(). Without
// values it takes no memory. Not thread-safe: middleware runs in turns, and a handler may look at
// it at any time, because nothing but middleware and the handler itself writes to it.
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

// The place of one T in every call's store. A middleware has one as a member, and needs no map of
// its calls; one that leaves something to handlers has it in a header:
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

  // Makes the T of a call; where there is one already, it is hidden by the new one. It goes away
  // after the call's end, behind those that were made later.
  template <typename... Arguments>
  T& Emplace(CallValues& values, Arguments&&... arguments) const {
    auto holder =
        std::make_unique<CallValues::Holder<T>>(this, std::forward<Arguments>(arguments)...);
    T& value = holder->value;
    holder->next = std::move(values.last_);
    values.last_ = std::move(holder);
    return value;
  }

  // Null when the call has none.
  T* Find(const CallValues& values) const {
    for (CallValues::Node* node = values.last_.get(); node != nullptr; node = node->next.get()) {
      if (node->key == this) return &static_cast<CallValues::Holder<T>*>(node)->value;
    }
    return nullptr;
  }
};

}  // namespace piperpc
