// Objects by their id, in a hash table that runs through the objects themselves: to add and to
// remove one takes no memory, but for the table, which grows now and then. Where the system refuses
// that, it stays as large as it is. (The flat maps of abseil, to 2023, do not survive that.) Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace piperpc::base {

// The base of what stands in a table; in one at a time. It must leave before its end.
template <typename T>
class IdTableLink {
 public:
  IdTableLink() = default;
  IdTableLink(const IdTableLink&) = delete;
  IdTableLink& operator=(const IdTableLink&) = delete;

 protected:
  ~IdTableLink() = default;

 private:
  template <typename>
  friend class IdTable;
  T* next_ = nullptr;
};

// `T` has a function id().
template <typename T>
class IdTable {
 public:
  IdTable() = default;
  IdTable(const IdTable&) = delete;
  IdTable& operator=(const IdTable&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // None has its id. Throws std::bad_alloc, and changes nothing, where there is no memory for the
  // first one.
  void Add(T& item) {
    if (size_ == places()) Grow();
    Link(item);
    ++size_;
  }

  T* Find(std::uint64_t id) const {
    if (empty()) return nullptr;
    T* item = PlaceOf(id);
    while (item != nullptr && item->id() != id) item = NextOf(*item);
    return item;
  }

  // It is in the table.
  void Remove(T& item) {
    T** place = &PlaceOf(item.id());
    while (*place != &item) place = &NextOf(**place);
    *place = NextOf(item);
    --size_;
  }

  // Removes all of them, and calls `visit` with each. None must be added meanwhile.
  template <typename Visit>
  void Empty(Visit visit) {
    for (std::size_t i = 0; i < places(); ++i) {
      while (T* const item = table_[i]) {
        Remove(*item);
        visit(*item);
      }
    }
  }

  // In no order. The table must not change meanwhile.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::size_t i = 0; i < places(); ++i) {
      for (T* item = table_[i]; item != nullptr; item = NextOf(*item)) visit(*item);
    }
  }

 private:
  static constexpr int kFirstBits = 3;
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

  std::size_t places() const { return bits_ == 0 ? 0 : std::size_t{1} << bits_; }

  static T*& NextOf(T& item) { return static_cast<IdTableLink<T>&>(item).next_; }
  // A peer chooses the ids, and must not know which of them meet.
  T*& PlaceOf(std::uint64_t id) const { return table_[(id * factor_) >> (64 - bits_)]; }

  void Link(T& item) {
    T*& place = PlaceOf(item.id());
    NextOf(item) = place;
    place = &item;
  }

  void Grow() {
    const int bits = bits_ == 0 ? kFirstBits : bits_ + 1;
    std::unique_ptr<T*[]> grown(new (std::nothrow) T*[std::size_t{1} << bits]());
    if (grown == nullptr) {
      if (bits_ == 0) throw std::bad_alloc();
      return;
    }
    const std::size_t old_places = places();
    table_.swap(grown);
    bits_ = bits;
    for (std::size_t i = 0; i < old_places; ++i) {
      for (T* item = grown[i]; item != nullptr;) {
        T* const next = NextOf(*item);
        Link(*item);
        item = next;
      }
    }
  }

  const std::uint64_t factor_ = (reinterpret_cast<std::uintptr_t>(this) * kGolden) | 1;
  std::unique_ptr<T*[]> table_;
  int bits_ = 0;  // Of the number of places; 0: there are none.
  std::size_t size_ = 0;
};

}  // namespace piperpc::base
