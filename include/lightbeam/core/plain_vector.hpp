#pragma once

#include "build.hpp"
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The memory of a plain_vector, whatever its elements are.
class plain_memory {
 public:
  plain_memory() = default;
  plain_memory(plain_memory&& o) noexcept
      : begin_(std::exchange(o.begin_, nullptr)), size_(std::exchange(o.size_, 0)), room_(std::exchange(o.room_, 0)) {}
  plain_memory& operator=(plain_memory&& o) noexcept {
    std::swap(begin_, o.begin_), std::swap(size_, o.size_), std::swap(room_, o.room_);
    return *this;
  }
  ~plain_memory() { ::operator delete(begin_); }

 protected:
  // Counts are elements of so many bytes.
  [[gnu::noinline]] void make_room(std::size_t count, std::size_t bytes) {
    void* larger = ::operator new(count * bytes);
    if (size_) std::memcpy(larger, begin_, size_ * bytes);
    ::operator delete(begin_);
    begin_ = larger, room_ = count;
  }
  // Room for at least so many, and so much that appending one by one takes linear time.
  [[gnu::noinline]] void grow(std::size_t least, std::size_t bytes) {
    const std::size_t twice = room_ ? 2 * room_ : 4;
    make_room(least > twice ? least : twice, bytes);
  }
  bool same(const plain_memory& o, std::size_t bytes) const {
    return size_ == o.size_ && (size_ == 0 || std::memcmp(begin_, o.begin_, size_ * bytes) == 0);
  }
  [[gnu::noinline]] void copy_in(const void* from, std::size_t count, std::size_t bytes) {
    size_ = 0;
    if (count > room_) make_room(count, bytes);
    if (count) std::memcpy(begin_, from, count * bytes);
    size_ = count;
  }

  void* begin_ = nullptr;
  std::size_t size_ = 0, room_ = 0;
};

// What the compiler needs of std::vector, for elements that are copied as bytes; but what was moved from holds what the target had. A
// unit that includes an engine has some twenty kinds of them, and std::vector takes GCC an eighth of a second for each: together an
// eighth of the unit.
template <class T>
class plain_vector : plain_memory {
 public:
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  plain_vector() = default;
  explicit plain_vector(std::size_t count, T value = {}) { resize(count, value); }
  plain_vector(const T* first, const T* last) { copy_in(first, std::size_t(last - first), sizeof(T)); }
  plain_vector(std::initializer_list<T> values) : plain_vector(values.begin(), values.end()) {}
  plain_vector(const plain_vector& o) : plain_vector(o.begin(), o.end()) {}
  plain_vector(plain_vector&&) noexcept = default;
  plain_vector& operator=(const plain_vector& o) {
    if (this != &o) copy_in(o.begin_, o.size_, sizeof(T));
    return *this;
  }
  plain_vector& operator=(plain_vector&&) noexcept = default;

  T* data() { return static_cast<T*>(begin_); }
  const T* data() const { return static_cast<const T*>(begin_); }
  T* begin() { return data(); }
  const T* begin() const { return data(); }
  T* end() { return data() + size_; }
  const T* end() const { return data() + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }

  bool operator==(const plain_vector& o) const {
    static_assert(std::has_unique_object_representations_v<T>);
    return same(o, sizeof(T));
  }

  void reserve(std::size_t count) {
    if (count > room_) make_room(count, sizeof(T));
  }
  // By value: the element may lie in here.
  void push_back(T value) {
    if (size_ == room_) grow(size_ + 1, sizeof(T));
    new (data() + size_++) T(value);
  }
  T& emplace_back(T value = {}) { return push_back(value), back(); }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  void resize(std::size_t count, T value = {}) {
    if (count > room_) grow(count, sizeof(T));
    // Not by way of the members, which a byte that is written could be.
    for (T *p = data() + size_, *const last = data() + count; p < last; ++p) new (p) T(value);
    size_ = count;
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
