#pragma once

#include "func.hpp"
#include "table_object.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// A table of references. Belongs to its store, and must not be used after it.
class table {
 public:
  explicit table(table_object* object) : object_(object) {}

  std::uint32_t size() const { return object_->data.size; }
  val element() const { return object_->data.element; }
  // A trap where `index` lies outside. T is func<> or externref.
  template <class T = func<>>
  result<T> at(std::uint32_t index) const {
    if (auto fits = check<T>(); !fits) return fits.error();
    if (!object_->holds(index, 1)) return failure(trap_code::table_out_of_bounds);
    const std::uint64_t bits = object_->at(index);
    return wasm_type<T>::take(&bits);
  }
  // References to functions have to be of the same store.
  template <class T>
  result<void> set(std::uint32_t index, T reference) const {
    if (auto fits = check<T>(reference); !fits) return fits.error();
    if (!object_->holds(index, 1)) return failure(trap_code::table_out_of_bounds);
    return object_->set(index, bits_of(reference)), result<void>{};
  }
  // The size before; fails where its maximum or the store's limit is reached.
  template <class T>
  result<std::uint32_t> grow(std::uint32_t elements, T reference) const {
    if (auto fits = check<T>(reference); !fits) return fits.error();
    const auto before = object_->grow(elements, bits_of(reference));
    if (before == no_index) return failure(failure_kind::limit, "the table cannot grow by so much");
    return before;
  }

  bool operator==(const table&) const = default;
  table_object* object() const { return object_; }

 private:
  template <class T>
  result<void> check(T reference = {}) const {
    static_assert(is_reference(wasm_type<T>::type), "tables hold func<> or externref");
    if (wasm_type<T>::type != element()) return link_failure("wrong element type", "the table has elements of type " + std::string(text(element())));
    if constexpr (std::is_same_v<T, func<>>)
      if (!reference.is_null() && !object_->belongs_to(store_of(*reference.record()).table_elements)) return of_another_store();
    return {};
  }
  template <class T>
  static std::uint64_t bits_of(T reference) {
    std::uint64_t bits = 0;
    wasm_type<T>::put(&bits, reference);
    return bits;
  }

  table_object* object_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
