#pragma once

#include "func.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

template <class T = void>
class global;

// A global whose type is not known while compiling. Belongs to its store, and must not be used after it.
template <>
class global<void> {
 public:
  explicit global(const global_cell& cell) : cell_(cell) {}

  const global_type& type() const { return cell_.type; }
  any_value get() const { return any_value::from_words(cell_.type.type, cell_.value); }
  // Fails where the global is constant or of another type, and for a function of another store.
  result<void> set(const any_value& v) const {
    if (!cell_.type.is_mutable) return failure(failure_kind::link, "the global is constant");
    if (v.type() != cell_.type.type) return link_failure("wrong global type", "wrong global type: it is a " + text(cell_.type));
    if (!belongs(*cell_.store, v)) return of_another_store();
    std::memcpy(cell_.value, v.words(), 8 * words_of(v.type()));
    return {};
  }
  // The same global with its type known; a failure of kind link if it is another one.
  template <class T>
  result<global<T>> as() const { return global<T>::from(*this); }
  const global_cell& cell() const { return cell_; }

 private:
  global_cell cell_;
};

// A global of a known type. Belongs to its store, and must not be used after it.
template <class T>
class global {
 public:
  static result<global> from(const global<>& g) {
    if (g.type().type != wasm_type<T>::type)
      return link_failure("wrong global type", "wrong global type: wanted " + std::string(text(wasm_type<T>::type)) + ", but it is a " + text(g.type()));
    return global(g.cell());
  }

  T get() const { return wasm_type<T>::take(cell_.value); }
  // Fails where the global is constant, and for a function of another store.
  result<void> set(T x) const {
    if (!cell_.type.is_mutable) return failure(failure_kind::link, "the global is constant");
    if (!belongs(*cell_.store, x)) return of_another_store();
    return wasm_type<T>::put(cell_.value, x), result<void>{};
  }
  operator global<>() const { return global<>(cell_); }
  const global_cell& cell() const { return cell_; }

 private:
  explicit global(const global_cell& cell) : cell_(cell) {}
  global_cell cell_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
