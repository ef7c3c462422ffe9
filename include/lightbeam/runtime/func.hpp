#pragma once

#include "call.hpp"
#include "link_failure.hpp"
#include "signature.hpp"
#include "type_text.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

template <class F = void>
class func;

// References to functions carry numbers of types that mean something in their own store alone: no other may get them.
inline bool belongs(const store_object& store, const function_record* record) { return !record || &store_of(*record) == &store; }
inline bool belongs(const store_object& store, const any_value& v) {
  return v.type() != val::funcref || belongs(store, reinterpret_cast<const function_record*>(v.words()[0]));
}
template <wasm_value T>
bool belongs(const store_object& store, const T& x) {
  if constexpr (std::same_as<T, func<>>) return belongs(store, x.record());
  else return true;
}
template <class... T>
bool belongs(const store_object& store, const std::tuple<T...>& all) {
  return std::apply([&](const T&... x) { return (belongs(store, x) && ...); }, all);
}
[[gnu::cold]] inline failure of_another_store() { return failure(failure_kind::link, "the function belongs to another store"); }

// A function whose type is not known while compiling, and the funcref of parameters and results: it may be null.
// Equal handles are the same function. Belongs to its store, and must not be used after it.
template <>
class func<void> {
 public:
  func() = default;
  explicit func(const function_record* record) : record_(record) {}

  explicit operator bool() const { return record_ != nullptr; }
  bool is_null() const { return !record_; }
  bool operator==(const func&) const = default;
  const function_type& type() const { return store_of(*record_).type(record_->type_id); }

  // The results, or a trap. Arguments of other types than the function's, and functions of other
  // stores, are a failure of kind link.
  result<std::vector<any_value>> operator()(std::span<const any_value> arguments) const {
    if (!record_) return failure(trap_code::uninitialized_element);
    const auto& t = type();
    if (!takes(t, arguments)) return link_failure("wrong arguments", "wrong arguments for a " + text(t));
    std::vector<std::uint64_t> words(1 + words_in(t.params) + words_in(t.results));  // enough for either, and never none
    std::size_t at = 0;
    for (const auto& a : arguments) {
      if (!belongs(store_of(*record_), a)) return of_another_store();
      std::memcpy(words.data() + at, a.words(), 8 * words_of(a.type()));
      at += words_of(a.type());
    }
    if (const auto trap = enter(*record_, words.data()); trap != 0) return take_trap(store_of(*record_), trap);
    std::vector<any_value> results;
    results.reserve(t.results.size());
    at = 0;
    for (const val r : t.results) results.push_back(any_value::from_words(r, words.data() + at)), at += words_of(r);
    return results;
  }
  result<std::vector<any_value>> operator()(std::initializer_list<any_value> arguments) const {
    return (*this)(std::span<const any_value>(arguments.begin(), arguments.size()));
  }
  // The same function with its type known; a failure of kind link if it is another one.
  template <class F>
  result<func<F>> as() const { return func<F>::from(*this); }

  const function_record* record() const { return record_; }

 private:
  static bool takes(const function_type& t, std::span<const any_value> arguments) {
    if (t.params.size() != arguments.size()) return false;
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (t.params[i] != arguments[i].type()) return false;
    return true;
  }
  static std::size_t words_in(const std::vector<val>& types) {
    std::size_t n = 0;
    for (const val t : types) n += words_of(t);
    return n;
  }

  const function_record* record_ = nullptr;
};
using funcref = func<>;

template <>
struct wasm_type<func<>> {
  static constexpr val type = val::funcref;
  static constexpr std::size_t words = 1;
  static void put(std::uint64_t* to, func<> f) { *to = reinterpret_cast<std::uint64_t>(f.record()); }
  static func<> take(const std::uint64_t* from) { return func<>(reinterpret_cast<const function_record*>(*from)); }
};

// A function of a known type: a call loads the arguments and jumps through the entry thunk of the type.
// Belongs to its store, and must not be used after it.
template <class R, class... A>
class func<R(A...)> {
 public:
  // A failure of kind link that shows both types if `f` has another one.
  static result<func> from(func<> f) {
    const function_type wanted = signature_of<R, A...>();
    if (f.is_null()) return link_failure("no function", "a null reference is no " + text(wanted));
    if (f.type() != wanted) return link_failure("wrong function type", "wrong function type: wanted " + text(wanted) + ", but it is a " + text(f.type()));
    return func(f.record());
  }

  // The results (void, a value, or a tuple), or the trap that ended the call. An exception of a host function comes out as itself.
  result<R> operator()(A... arguments) const {
    if (!(belongs(store_of(*record_), arguments) && ...)) [[unlikely]] return of_another_store();
    std::uint64_t words[count] = {};
    [[maybe_unused]] auto* to = words;
    ((wasm_type<A>::put(to, arguments), to += wasm_type<A>::words), ...);
    if (const auto trap = enter(*record_, words); trap != 0) [[unlikely]] return take_trap(store_of(*record_), trap);
    if constexpr (std::is_void_v<R>) return {};
    else return wasm_results<R>::take(words);
  }
  operator func<>() const { return func<>(record_); }
  bool operator==(const func&) const = default;
  const function_record* record() const { return record_; }

 private:
  static constexpr std::size_t taken = (std::size_t{0} + ... + wasm_type<A>::words), given = wasm_results<R>::words;
  static constexpr std::size_t count = taken > given ? taken : given > 0 ? given : 1;
  explicit func(const function_record* record) : record_(record) {}

  const function_record* record_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
