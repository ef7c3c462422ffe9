#pragma once

#include "error.hpp"
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <type_traits>

namespace lightbeam::inline LIGHTBEAM_ABI {

#if LIGHTBEAM_EXCEPTIONS
// What result<T>::value() throws where there is no value.
class exception : public std::exception {
 public:
  explicit exception(failure f) : failure_(std::move(f)), text_(failure_.text()) {}
  const char* what() const noexcept override { return text_.c_str(); }
  const failure& error() const { return failure_; }

 private:
  failure failure_;
  std::string text_;
};
#endif

[[noreturn]] inline void raise(const failure& f) {
#if LIGHTBEAM_EXCEPTIONS
  throw exception(f);
#else
  std::fprintf(stderr, "%s\n", f.text().c_str());
  std::abort();
#endif
}

// A value or the failure that stands in its place. A union by hand: std::variant would take a fifth of the time that
// runtime.hpp takes to compile.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : value_(std::move(value)), has_value_(true) {}
  result(failure f) : failure_(std::move(f)), has_value_(false) {}
  result(const result& o)
    requires std::is_copy_constructible_v<T>
      : has_value_(o.has_value_) { construct(o); }
  result(result&& o) noexcept : has_value_(o.has_value_) { construct(std::move(o)); }
  result& operator=(result o) noexcept {
    destroy();
    has_value_ = o.has_value_;
    return construct(std::move(o)), *this;
  }
  ~result() { destroy(); }

  explicit operator bool() const { return has_value_; }
  T& operator*() & { return value_; }
  const T& operator*() const& { return value_; }
  T&& operator*() && { return std::move(value_); }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }
  const failure& error() const { return failure_; }

  // Throws lightbeam::exception, or prints and aborts where exceptions are off.
  T& value() & { return check(), value_; }
  const T& value() const& { return check(), value_; }
  T&& value() && { return check(), std::move(value_); }
  template <class U>
  T value_or(U&& other) const& { return has_value_ ? value_ : T(std::forward<U>(other)); }
  template <class U>
  T value_or(U&& other) && { return has_value_ ? std::move(value_) : T(std::forward<U>(other)); }
  template <class F>
  auto and_then(F&& f) -> decltype(f(std::declval<T&>())) {
    if (has_value_) return f(value_);
    return failure_;
  }
  template <class F>
  auto and_then(F&& f) const -> decltype(f(std::declval<const T&>())) {
    if (has_value_) return f(value_);
    return failure_;
  }

 private:
  void check() const {
    if (!has_value_) raise(failure_);
  }
  template <class R>
  void construct(R&& o) {
    if (has_value_) new (static_cast<void*>(&value_)) T(std::forward<R>(o).value_);
    else new (static_cast<void*>(&failure_)) failure(std::forward<R>(o).failure_);
  }
  void destroy() {
    if (has_value_) value_.~T();
    else failure_.~failure();
  }

  union {
    T value_;
    failure failure_;
  };
  bool has_value_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  result() = default;
  result(failure f) : failure_(std::move(f)) {}

  explicit operator bool() const { return !failure_; }
  const failure& error() const { return *failure_; }
  void value() const {
    if (failure_) raise(*failure_);
  }
  template <class F>
  auto and_then(F&& f) const -> decltype(f()) {
    if (*this) return f();
    return error();
  }

 private:
  std::optional<failure> failure_;
};

// What f() returns, or a failure where operator new has no memory left (which ends a program without exceptions).
template <class F>
auto unless_out_of_memory(F&& f) -> decltype(f()) {
#if LIGHTBEAM_EXCEPTIONS
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return failure(failure_kind::limit, "the system refused memory");
  }
#else
  return f();
#endif
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
