#pragma once

#include "func.hpp"
#include "instance_object.hpp"
#include "memory.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

template <class T>
inline constexpr char type_mark = 0;  // its address stands for the type

class instance;

// Who called a function of the host: its first parameter if it wants to know.
class caller {
 public:
  caller(instance_object* instance, store_object& store) : instance_(instance), store_(&store) {}

  // Memory 0 of the calling instance; none where it has none, or where the host calls the function itself.
  std::optional<lightbeam::memory> memory() const {
    if (!instance_ || instance_->memories.empty()) return {};
    return lightbeam::memory(instance_->memories[0]);
  }
  // The export of this name; null where there is no such function.
  func<> function(std::string_view name) const {
    const auto d = instance_ ? instance_->exported(name) : std::nullopt;
    return func<>(d && d->kind == external::function ? d->function : nullptr);
  }
  // What store::data() set, if it was a T.
  template <class T>
  T* data() const { return store_->host_data_type == &type_mark<T> ? static_cast<T*>(store_->host_data) : nullptr; }

  // None where the host calls the function itself.
  inline std::optional<lightbeam::instance> instance() const;
  instance_object* object() const { return instance_; }
  store_object& store() const { return *store_; }

 private:
  instance_object* instance_;
  store_object* store_;
};

// A pointer and a number of elements in the caller's memory: two parameters of type i32, checked before the call.
// Elements may be unaligned, so they are copied in and out; those of one byte are a span as well.
template <class T>
class slice {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  slice(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<std::byte> bytes() const { return {data_, size_ * sizeof(T)}; }
  T operator[](std::size_t i) const {
    std::remove_const_t<T> x;
    std::memcpy(&x, data_ + i * sizeof(T), sizeof x);
    return x;
  }
  void set(std::size_t i, const T& x) const
    requires(!std::is_const_v<T>)
  { std::memcpy(data_ + i * sizeof(T), &x, sizeof x); }
  operator std::span<T>() const
    requires(sizeof(T) == 1)
  { return {reinterpret_cast<T*>(data_), size_}; }
  operator std::string_view() const
    requires std::same_as<std::remove_const_t<T>, char>
  { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  std::byte* data_;
  std::size_t size_;
};

// A pointer to a text that ends with a zero byte, in the caller's memory: one parameter of type i32, checked before the call.
class cstr {
 public:
  explicit cstr(std::string_view text) : text_(text) {}
  const char* c_str() const { return text_.data(); }
  std::string_view view() const { return text_; }
  operator std::string_view() const { return text_; }

 private:
  std::string_view text_;
};

// The arguments of a call on their way to a host function.
struct host_arguments {
  const std::uint64_t* at;
  caller* who;
  bool inside = true;  // whether all pointers were

  std::byte* part(std::uint64_t address, std::uint64_t size) {
    const auto m = who->memory();
    if (m && m->object()->holds(address, size)) return m->bytes().data() + address;
    return inside = false, nullptr;
  }
};

// A parameter of a host function: its types, and how it is read.
template <class T>
struct host_parameter {
  static_assert(wasm_value<T>, "no WebAssembly type corresponds to a parameter of this host function");
  static void types(std::vector<val>& to) { append(to, wasm_type<T>::type); }
  static T read(host_arguments& a) { return wasm_type<T>::take(std::exchange(a.at, a.at + wasm_type<T>::words)); }
};
template <>
struct host_parameter<caller&> {
  static void types(std::vector<val>&) {}
  static caller& read(host_arguments& a) { return *a.who; }
};
template <class T>
struct host_parameter<slice<T>> {
  static void types(std::vector<val>& to) { append(to, val::i32), append(to, val::i32); }
  static slice<T> read(host_arguments& a) {
    const std::uint64_t address = std::uint32_t(a.at[0]), size = std::uint32_t(a.at[1]);
    a.at += 2;
    return {a.part(address, size * sizeof(T)), std::size_t(size)};
  }
};
template <>
struct host_parameter<cstr> {
  static void types(std::vector<val>& to) { append(to, val::i32); }
  static cstr read(host_arguments& a) {
    const std::uint64_t address = std::uint32_t(*a.at++);
    if (const auto* const text = a.part(address, 1)) {
      const auto all = a.who->memory()->bytes();
      if (const auto* const zero = static_cast<const std::byte*>(std::memchr(text, 0, all.size() - address)))
        return cstr({reinterpret_cast<const char*>(text), std::size_t(zero - text)});
    }
    a.inside = false;
    return cstr({});
  }
};

template <class T>
struct fallible {
  static constexpr bool is_result = false;
  using value = T;
};
template <class T>
struct fallible<result<T>> {
  static constexpr bool is_result = true;
  using value = T;
};

// The type of a callable, taken apart.
template <class R, class... A>
struct host_call {
  using outcome = fallible<std::remove_cvref_t<R>>;

  static function_type type() {
    function_type t;
    (host_parameter<parameter<A>>::types(t.params), ...);
    wasm_results<typename outcome::value>::types(t.results);
    return t;
  }
  // Calls f with the arguments in `values` and leaves the results there; 0, or 1 + trap_code.
  template <class F>
  static std::uint64_t run(F&& f, std::uint64_t* values, caller& who) {
    host_arguments in{values, &who};
    std::tuple<parameter<A>...> arguments{host_parameter<parameter<A>>::read(in)...};
    if (!in.inside) return 1 + std::uint64_t(trap_code::memory_out_of_bounds);
    const auto call = [&]() -> decltype(auto) { return std::apply(f, std::move(arguments)); };
    if constexpr (outcome::is_result) {
      auto r = call();
      if (!r) return end(r.error(), who);
      if constexpr (!std::is_void_v<typename outcome::value>) return give(*r, values, who);
    } else if constexpr (std::is_void_v<R>) {
      call();
    } else {
      return give(call(), values, who);
    }
    return 0;
  }

 private:
  static std::uint64_t end(const failure& f, caller& who) { return who.store().host_failure.emplace(f), 1 + std::uint64_t(trap_code::host); }
  template <class T>
  static std::uint64_t give(const T& results, std::uint64_t* values, caller& who) {
    if (!belongs(who.store(), results)) return end(of_another_store(), who);
    return wasm_results<T>::put(values, results), 0;
  }
  template <class T>
  using parameter = std::conditional_t<std::is_same_v<T, caller&>, T, std::remove_cvref_t<T>>;
};

template <class F>
struct host_signature {
  static_assert(!sizeof(F), "a host function needs one call operator whose parameters have types: no generic lambda, no overloads");
};
template <class F>
  requires requires { typename std::type_identity_t<decltype(&F::operator())>; }
struct host_signature<F> : host_signature<decltype(&F::operator())> {};
template <class R, class... A>
struct host_signature<R (*)(A...)> : std::type_identity<host_call<R, A...>> {};
template <class R, class... A>
struct host_signature<R (*)(A...) noexcept> : std::type_identity<host_call<R, A...>> {};
template <class R, class C, class... A>
struct host_signature<R (C::*)(A...)> : std::type_identity<host_call<R, A...>> {};
template <class R, class C, class... A>
struct host_signature<R (C::*)(A...) const> : std::type_identity<host_call<R, A...>> {};
template <class R, class C, class... A>
struct host_signature<R (C::*)(A...) noexcept> : std::type_identity<host_call<R, A...>> {};
template <class R, class C, class... A>
struct host_signature<R (C::*)(A...) const noexcept> : std::type_identity<host_call<R, A...>> {};

// Calls `f` as compiled code would. C++ exceptions do not cross compiled code: they wait in the store.
template <class Call, class F>
std::uint64_t run_host_function(F&& f, host_closure& self, std::uint64_t* values, instance_header* from) {
  auto& store = *static_cast<store_object*>(self.header.store_context);
  caller who(from ? &instance_object::of(from) : nullptr, store);
#if LIGHTBEAM_EXCEPTIONS
  try {
    return Call::run(f, values, who);
  } catch (...) {
    store.host_exception = std::current_exception();
    return 1 + std::uint64_t(trap_code::host);
  }
#else
  return Call::run(f, values, who);
#endif
}

// What a host function was bound with.
template <class F>
struct host_state final : counted {
  explicit host_state(F f) : callable(std::move(f)) {}
  F callable;
};
template <class F>
F& callable_of(host_closure& self) { return static_cast<host_state<F>*>(self.object)->callable; }

// A callable with its state: lambda, function object, pointer to a function.
template <class F>
host_function host_function_of(F&& f) {
  using callable = std::decay_t<F>;
  using call = typename host_signature<callable>::type;
  const auto shim = [](host_closure* self, std::uint64_t* values, instance_header* from) -> std::uint64_t {
    return run_host_function<call>(callable_of<callable>(*self), *self, values, from);
  };
  return {call::type(), shim, ref<counted>(new host_state<callable>(std::forward<F>(f)))};
}
// A function known while compiling, called directly.
template <auto F>
host_function host_function_of() {
  using call = typename host_signature<decltype(F)>::type;
  const auto shim = [](host_closure* self, std::uint64_t* values, instance_header* from) -> std::uint64_t {
    return run_host_function<call>(F, *self, values, from);
  };
  return {call::type(), shim, {}};
}
// A member function of an object that has to live as long as the store.
template <class M, class C, class D>
  requires std::is_convertible_v<D*, const C*>
host_function host_function_of(M C::*member, D& object) {
  using call = typename host_signature<M C::*>::type;
  struct bound {
    M C::*member;
    D* object;
  };
  const auto shim = [](host_closure* self, std::uint64_t* values, instance_header* from) -> std::uint64_t {
    const auto& b = callable_of<bound>(*self);
    return run_host_function<call>([&]<class... A>(A&&... a) -> decltype(auto) { return (b.object->*b.member)(std::forward<A>(a)...); }, *self, values, from);
  };
  return {call::type(), shim, ref<counted>(new host_state<bound>({member, &object}))};
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
