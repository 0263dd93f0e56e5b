// Objects by their id, in a hash table that runs through the objects themselves: to add and to
// remove one takes no memory, but for the table, which grows now and then. Where the system refuses
// that, it stays as large as it is. (The flat maps of abseil, to 2023, do not survive that.) Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace piperpc {

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
    if (size_ == places_) Grow();
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

  // Any of them; null when there is none.
  T* First() const {
    if (empty()) return nullptr;
    std::size_t place = 0;
    while (table_[place] == nullptr) ++place;
    return table_[place];
  }

  // In no order. The table must not change meanwhile.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::size_t i = 0; i < places_; ++i) {
      for (T* item = table_[i]; item != nullptr; item = NextOf(*item)) visit(*item);
    }
  }

 private:
  static constexpr std::size_t kFirstPlaces = 8;  // A power of two.

  static T*& NextOf(T& item) { return static_cast<IdTableLink<T>&>(item).next_; }
  T*& PlaceOf(std::uint64_t id) const { return table_[id & (places_ - 1)]; }

  void Link(T& item) {
    T*& place = PlaceOf(item.id());
    NextOf(item) = place;
    place = &item;
  }

  void Grow() {
    const std::size_t places = places_ == 0 ? kFirstPlaces : 2 * places_;
    std::unique_ptr<T*[]> grown(new (std::nothrow) T*[places]());
    if (grown == nullptr) {
      if (places_ == 0) throw std::bad_alloc();
      return;
    }
    const std::unique_ptr<T*[]> old = std::move(table_);
    const std::size_t old_places = places_;
    table_ = std::move(grown);
    places_ = places;
    for (std::size_t i = 0; i < old_places; ++i) {
      for (T* item = old[i]; item != nullptr;) {
        T* const next = NextOf(*item);
        Link(*item);
        item = next;
      }
    }
  }

  std::unique_ptr<T*[]> table_;
  std::size_t places_ = 0;
  std::size_t size_ = 0;
};

}  // namespace piperpc
