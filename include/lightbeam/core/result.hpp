#pragma once

#include "error.hpp"
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <variant>

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

// A value or the failure that stands in its place.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(failure f) : state_(std::in_place_index<1>, std::move(f)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  const failure& error() const { return *std::get_if<1>(&state_); }

  // Throws lightbeam::exception, or prints and aborts where exceptions are off.
  T& value() & { return check(), **this; }
  const T& value() const& { return check(), **this; }
  T&& value() && { return check(), std::move(**this); }
  template <class U>
  T value_or(U&& other) const& { return *this ? **this : T(std::forward<U>(other)); }
  template <class U>
  T value_or(U&& other) && { return *this ? std::move(**this) : T(std::forward<U>(other)); }
  template <class F>
  auto and_then(F&& f) -> decltype(f(std::declval<T&>())) {
    if (*this) return f(**this);
    return error();
  }

 private:
  void check() const {
    if (!*this) raise(error());
  }
  std::variant<T, failure> state_;
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
  auto and_then(F&& f) -> decltype(f()) {
    if (*this) return f();
    return error();
  }

 private:
  std::optional<failure> failure_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
