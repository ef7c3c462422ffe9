#pragma once

#include "../gen/context.hpp"
#include "../runtime/image.hpp"
#include "../x64/operand.hpp"
#include <algorithm>
#include <concepts>
#include <cstdlib>
#include <string_view>

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

using thunk_offsets = thunk_places;
inline constexpr std::size_t trap_codes = std::size(thunk_offsets{}.trap_exits);
static_assert(trap_codes == std::size_t(trap_code::host) + 1);

// Upper bounds of what write_thunks and write_type_thunks write: per value at most two instructions in each direction, of 9 bytes
// at most; `used` says for which types.
inline std::size_t thunk_bytes(const module_info& m) { return 1024 + 32 * m.tables.size(); }
inline std::size_t type_thunk_bytes(const module_info& m, const plain_vector<bool>& used) {
  constexpr std::size_t fixed = 64, per_type = 256, per_value = 36;
  std::size_t bytes = fixed;
  for (std::uint32_t i = 0; i < m.types.size(); ++i)
    if (used[i]) bytes += per_type + per_value * (m.types[i].params.size() + m.types[i].results.size());
  return bytes;
}

// Writes the code between compiled functions and everything else. It holds no address, so it works wherever it is mapped.
//
// What an entry thunk keeps at context::saved_sp, from there upwards; every way out goes through `exit_`, which puts it back:
//   the instance's previous stack limit, 0 (stands where a caller's return address is when a foreign thunk called),
//   the instance, the previous saved_sp, the context, the array of values, r15, r14, r13, r12, rbp, rbx, the return address.
template <class Assembler>
class thunk_writer {
  using enum reg;

 public:
  thunk_writer(std::uint8_t* out, const std::uint8_t* base) : a_{out}, base_(base) {}

  std::uint8_t* end() const { return a_.out; }
  std::uint32_t here() const { return std::uint32_t(a_.out - base_); }

  // rax is what the entry thunk returns, rsp is saved_sp.
  void exits(module_image& image, thunk_offsets& at) {
    at.exit = here();
    a_.pop(cx);
    a_.alu(alu_op::add, width::w64, sp, 8);
    a_.pop(dx);
    put(dx, header_offset::stack_limit, cx);
    a_.pop(cx);
    a_.pop(dx);
    put(dx, offsetof(context, saved_sp), cx);
    a_.pop(dx);
    for (const reg r : {r15, r14, r13, r12, bp, bx}) a_.pop(r);
    a_.ret();

    // The site is in rax, 1 + trap_code in rcx.
    at.trap = here();
    get(dx, r14, header_offset::store_context);
    put(dx, offsetof(context, trap_site), ax);
    put(dx, offsetof(context, trap), cx);
    get(sp, dx, offsetof(context, saved_sp));
    a_.mov(width::w32, ax, 1);
    a_.jmp(base_ + at.exit);

    for (std::uint32_t k = 0; k < trap_codes; ++k) {
      at.trap_exits[k] = here();
      a_.pop(ax);
      a_.mov(width::w32, cx, k + 1);
      a_.jmp(base_ + at.trap);
    }
    image.fault_exit = here();
    a_.mov(width::w32, cx, std::uint32_t(trap_code::memory_out_of_bounds) + 1);
    a_.jmp(base_ + at.trap);
  }

  // The number is in eax, arguments are in our places; SysV keeps all registers that our callees keep but r10 and r11.
  void runtime_calls(thunk_offsets& at) {
    const std::uint8_t* const failed = a_.out;
    a_.pop(ax);
    move(cx, dx);
    a_.jmp(base_ + at.trap);

    align();
    at.runtime_call = here();
    enter_host();
    align_stack();
    move(dx, r8);
    move(cx, r9);
    move(r8, r14);
    get(r10, r14, header_offset::functions);
    a_.call(address{r10, ax, 3});
    leave_host();
    a_.test(width::w64, dx, dx);
    a_.jcc(cond::ne, failed);
    a_.ret();
  }

  void foreign_calls(module_image& image, thunk_offsets& at) {
    align();
    const std::uint8_t* const foreign = a_.out;
    at.foreign_call = here();
    a_.push(r14);
    move(dx, r14);
    get(ax, r14, header_offset::stack_limit);
    get(r14, cx, offsetof(function_record, instance));
    put(r14, header_offset::stack_limit, ax);
    get(r15, r14, header_offset::memory_base);
    a_.call(place(cx, offsetof(function_record, code)));
    a_.pop(r14);
    // While a host function ran, calls on another stack may have given this instance their limit. Results are in other registers.
    get(di, r14, header_offset::store_context);
    get(di, di, offsetof(context, stack_limit));
    put(r14, header_offset::stack_limit, di);
    get(r15, r14, header_offset::memory_base);
    a_.ret();

    image.table_thunks.resize(image.info.tables.size());
    for (std::uint32_t t = 0; t < image.info.tables.size(); ++t) {
      if (!image.layout.inline_table(t)) continue;
      image.table_thunks[t] = here();
      a_.load(load_op::mov64, cx, address{r14, ax, 3, image.layout.table_references[t]});
      a_.jmp(foreign);
    }
  }

  // Equal types share.
  void types(module_image& image, const thunk_offsets& at, const plain_vector<bool>& used) {
    exit_ = base_ + at.exit;
    adapter_failed_ = a_.out;
    move(cx, ax);
    a_.leave();
    // The adapter was called by a foreign thunk, which keeps one word above its return address; or by an entry thunk.
    get(ax, sp, 16);
    a_.jmp(base_ + at.trap);

    const auto& all = image.info.types;
    plain_vector<const function_type*> sorted;
    for (std::uint32_t i = 0; i < all.size(); ++i)
      if (used[i]) sorted.push_back(&all[i]);
    if (sorted.size() != 0) std::qsort(sorted.begin(), sorted.size(), sizeof sorted[0], by_content);
    image.entry_thunks.resize(all.size()), image.host_adapters.resize(all.size());
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      const auto i = std::size_t(sorted[k] - all.data());
      if (k != 0 && by_content(&sorted[k - 1], &sorted[k]) == 0) {
        const auto same = std::size_t(sorted[k - 1] - all.data());
        image.entry_thunks[i] = image.entry_thunks[same], image.host_adapters[i] = image.host_adapters[same];
        continue;
      }
      align();
      image.entry_thunks[i] = here();
      entry(all[i]);
      align();
      image.host_adapters[i] = here();
      adapter(all[i]);
    }
  }

 private:
  static int by_content(const void* x, const void* y) {
    const auto &a = **static_cast<const function_type* const*>(x), &b = **static_cast<const function_type* const*>(y);
    const int order = text(a.params).compare(text(b.params));
    return order != 0 ? order : text(a.results).compare(text(b.results));
  }
  static std::string_view text(const std::vector<val>& types) { return {reinterpret_cast<const char*>(types.data()), types.size()}; }
  static std::size_t overflow(std::uint32_t i) { return offsetof(context, overflow) + 8 * std::size_t{i}; }
  static address place(reg base, std::integral auto offset) { return {base, reg::none, 0, std::int32_t(offset)}; }

  // The 8 bytes at base + offset.
  void get(reg to, reg base, std::integral auto offset) { read(to, place(base, offset)); }
  void put(reg base, std::integral auto offset, reg from) { write(place(base, offset), from); }
  [[gnu::noinline]] void read(reg to, address m) { a_.load(load_op::mov64, to, m); }
  [[gnu::noinline]] void write(address m, reg from) { a_.store(store_op::mov64, m, from); }
  [[gnu::noinline]] void move(reg to, reg from) { a_.mov(width::w64, to, from); }
  void align() { a_.nop(unsigned(-reinterpret_cast<std::uintptr_t>(a_.out) & 15)); }
  void align_stack() { a_.alu(alu_op::and_, width::w64, sp, -16); }

  // A register from an array of values; i32 and f32 are read as 32 bits.
  [[gnu::noinline]] void load(val t, reg to, reg base, std::size_t offset) {
    const load_op op = t == val::f32 ? load_op::movss : t == val::f64 ? load_op::movsd : is_wide(t) ? load_op::mov64 : load_op::mov32;
    a_.load(op, to, place(base, offset));
  }
  // A register to an array of values; i32 and f32 get zeros above them.
  [[gnu::noinline]] void store(val t, reg base, std::size_t offset, reg from, reg scratch) {
    if (t == val::f64) return a_.store(store_op::movsd, place(base, offset), from);
    if (t == val::f32) a_.movd(width::w32, scratch, from);
    else if (t == val::i32) a_.mov(width::w32, scratch, from);
    put(base, offset, is_wide(t) ? from : scratch);
  }
  // A run of `count` values from one array to another, all 64 bits of each; `counter` is destroyed where there are many.
  void copy(reg to, std::size_t to_offset, reg from, std::size_t from_offset, std::size_t count, reg scratch, reg counter) {
    constexpr std::size_t few = 4;
    for (std::size_t i = 0; count <= few && i < count; ++i) get(scratch, from, from_offset + 8 * i), put(to, to_offset + 8 * i, scratch);
    if (count <= few) return;
    a_.mov(width::w32, counter, count);
    const std::uint8_t* const again = a_.out;
    a_.load(load_op::mov64, scratch, address{from, counter, 3, std::int32_t(from_offset) - 8});
    a_.store(store_op::mov64, address{to, counter, 3, std::int32_t(to_offset) - 8}, scratch);
    a_.alu(alu_op::sub, width::w32, counter, 1);
    a_.jcc(cond::ne, again);
  }
  // Calls in_register(type, register, offset) and in_memory(overflow, offset, count) for values of these types that stand in an array.
  template <class R, class M>
  static void deal(const std::vector<val>& types, value_places places, R in_register, M in_memory) {
    std::size_t run = 0, first = 0;
    for (std::size_t i = 0; i < types.size(); ++i) {
      const auto p = places.next(types[i]);
      if (p.in == reg::none) {
        if (run++ == 0) first = p.overflow;
        continue;
      }
      if (run != 0) in_memory(overflow(std::uint32_t(first)), 8 * (i - run), run);
      run = 0;
      in_register(types[i], p.in, 8 * i);
    }
    if (run != 0) in_memory(overflow(std::uint32_t(first)), 8 * (types.size() - run), run);
  }

  void entry(const function_type& type) {
    for (const reg r : {bx, bp, r12, r13, r14, r15, di, cx}) a_.push(r);
    a_.push(place(cx, offsetof(context, saved_sp)));
    a_.push(dx);
    a_.push(std::int8_t{0});
    a_.push(place(dx, header_offset::stack_limit));
    put(cx, offsetof(context, saved_sp), sp);
    get(ax, cx, offsetof(context, stack_limit));
    put(dx, header_offset::stack_limit, ax);
    move(r14, dx);
    get(r15, r14, header_offset::memory_base);
    move(ax, si);
    move(r11, di);
    deal(type.params, value_places::arguments(), [&](val t, reg r, std::size_t at) { load(t, r, r11, at); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(cx, place, r11, at, count, r10, dx); });
    a_.call(ax);
    if (!type.results.empty()) get(r11, sp, 40);  // the values
    if (type.results.size() > 2) get(si, sp, 32);  // the context
    deal(type.results, value_places::results(), [&](val t, reg r, std::size_t at) { store(t, r11, at, r, di); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(r11, at, si, place, count, di, r8); });
    a_.alu(alu_op::xor_, width::w32, ax, ax);
    a_.jmp(exit_);
  }

  void adapter(const function_type& type) {
    const std::size_t values = std::max({type.params.size(), type.results.size(), std::size_t{1}});
    enter_host();
    a_.alu(alu_op::sub, width::w64, sp, std::int32_t(8 * values));
    align_stack();
    if (values > few_values) {
      a_.mov(width::w32, ax, std::uint32_t(trap_code::call_stack_exhausted) + 1);
      a_.alu(alu_op::cmp, width::w64, sp, place(r14, header_offset::stack_limit));
      a_.jcc(cond::b, adapter_failed_);
    }
    if (type.params.size() > 4) get(cx, r14, header_offset::store_context);
    deal(type.params, value_places::arguments(), [&](val t, reg r, std::size_t at) { store(t, sp, at, r, ax); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(sp, at, cx, place, count, ax, r10); });
    a_.lea(width::w64, di, place(r14, host_closure_call));
    move(si, sp);
    a_.call(place(di, offsetof(host_closure, call)));
    a_.test(width::w64, ax, ax);
    a_.jcc(cond::ne, adapter_failed_);
    if (type.results.size() > 2) get(si, r14, header_offset::store_context);
    deal(type.results, value_places::results(), [&](val t, reg r, std::size_t at) { load(t, r, sp, at); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(si, place, sp, at, count, di, r8); });
    leave_host();
    a_.ret();
  }

  // A frame for C++ to be called from, with what our callees keep and C++ does not.
  void enter_host() {
    a_.push(bp);
    move(bp, sp);
    a_.push(r10);
    a_.push(r11);
  }
  void leave_host() {
    get(r10, bp, -8);
    get(r11, bp, -16);
    a_.leave();
  }

  static constexpr std::size_t few_values = 64;  // the reserve below the stack limit has room for them

  Assembler a_;
  const std::uint8_t* base_;
  const std::uint8_t *exit_ = nullptr, *adapter_failed_ = nullptr;
};

// Writes at most thunk_bytes(image.info) bytes to `out`, where stores of the assembler may reach 16 bytes further, and returns their
// end. image.info and image.layout are there already.
template <class Assembler>
std::uint8_t* write_thunks(std::uint8_t* out, const std::uint8_t* base, module_image& image, thunk_offsets& at) {
  thunk_writer<Assembler> w(out, base);
  w.exits(image, at);
  w.runtime_calls(at);
  w.foreign_calls(image, at);
  return w.end();
}
// Likewise those of the types that are used: by functions, or by call_indirect.
template <class Assembler>
std::uint8_t* write_type_thunks(std::uint8_t* out, const std::uint8_t* base, module_image& image, const thunk_offsets& at, const plain_vector<bool>& used) {
  thunk_writer<Assembler> w(out, base);
  w.types(image, at, used);
  return w.end();
}

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
