#pragma once

#include "atomic.hpp"
#include <cstdint>
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

// What <memory> has, too: it brings streams and locales, and would take a seventh of the time that runtime.hpp takes to compile.

// Counts the references to itself; the last one deletes it.
class counted {
 public:
  counted() = default;
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  void retain() const { count_.add(1); }
  void release() const {
    if (count_.add(-1) == 0) delete this;
  }

 protected:
  virtual ~counted() = default;

 private:
  mutable atomic<std::int32_t> count_;
};

// One of the references to a counted object; may be null.
template <class T>
class ref {
 public:
  ref() = default;
  explicit ref(T* object) : object_(object) {
    if (object_) object_->retain();
  }
  ref(const ref& o) : ref(o.object_) {}
  ref(ref&& o) noexcept : object_(std::exchange(o.object_, nullptr)) {}
  ref& operator=(ref o) noexcept { return std::swap(object_, o.object_), *this; }
  ~ref() {
    if (object_) object_->release();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const ref&) const = default;

 private:
  T* object_ = nullptr;
};

// The only reference to an object that is not counted; may be null.
template <class T>
class owner {
 public:
  owner() = default;
  explicit owner(T* object) : object_(object) {}
  owner(owner&& o) noexcept : object_(std::exchange(o.object_, nullptr)) {}
  owner& operator=(owner&& o) noexcept { return std::swap(object_, o.object_), *this; }
  ~owner() {
    static_assert(sizeof(T) != 0, "the type is not complete");
    delete object_;
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
