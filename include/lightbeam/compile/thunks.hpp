#pragma once

#include "../gen/context.hpp"
#include "../runtime/image.hpp"
#include <algorithm>
#include <map>
#include <string_view>

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

using thunk_offsets = thunk_places;
inline constexpr std::size_t trap_codes = std::size(thunk_offsets{}.trap_exits);
static_assert(trap_codes == std::size_t(trap_code::host) + 1);

// Upper bounds of what write_thunks and write_type_thunks write: per value at most two instructions in each direction, of 9 bytes
// at most; `used` says for which types.
inline std::size_t thunk_bytes(const module_info& m) { return 1024 + 32 * m.tables.size(); }
inline std::size_t type_thunk_bytes(const module_info& m, const std::vector<bool>& used) {
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
class thunk_writer : public Xbyak::CodeGenerator {
 public:
  thunk_writer(std::uint8_t* out, std::size_t bytes, const std::uint8_t* base) : CodeGenerator(bytes, out), base_(base) {}

  std::uint8_t* end() const { return const_cast<std::uint8_t*>(getCurr()); }
  std::uint32_t here() const { return std::uint32_t(getCurr() - base_); }

  // rax is what the entry thunk returns, rsp is saved_sp.
  void exits(module_image& image, thunk_offsets& at) {
    at.exit = here();
    pop(rcx);
    add(rsp, 8);
    pop(rdx);
    put(rdx, header_offset::stack_limit, rcx);
    pop(rcx);
    pop(rdx);
    put(rdx, offsetof(context, saved_sp), rcx);
    pop(rdx);
    for (const auto& r : {r15, r14, r13, r12, rbp, rbx}) pop(r);
    ret();

    // The site is in rax, 1 + trap_code in rcx.
    at.trap = here();
    get(rdx, r14, header_offset::store_context);
    put(rdx, offsetof(context, trap_site), rax);
    put(rdx, offsetof(context, trap), rcx);
    get(rsp, rdx, offsetof(context, saved_sp));
    mov(eax, 1);
    jmp(base_ + at.exit);

    for (std::uint32_t k = 0; k < trap_codes; ++k) {
      at.trap_exits[k] = here();
      pop(rax);
      mov(ecx, k + 1);
      jmp(base_ + at.trap);
    }
    image.fault_exit = here();
    mov(ecx, std::uint32_t(trap_code::memory_out_of_bounds) + 1);
    jmp(base_ + at.trap);
  }

  // The number is in eax, arguments are in our places; SysV keeps all registers that our callees keep but r10 and r11.
  void runtime_calls(thunk_offsets& at) {
    const std::uint8_t* const failed = getCurr();
    pop(rax);
    mov(rcx, rdx);
    jmp(base_ + at.trap);

    align(16);
    at.runtime_call = here();
    enter_host();
    and_(rsp, ~15u);
    mov(rdx, r8);
    mov(rcx, r9);
    mov(r8, r14);
    get(r10, r14, header_offset::functions);
    call(qword[r10 + rax * 8]);
    leave_host();
    test(rdx, rdx);
    jnz(failed);
    ret();
  }

  void foreign_calls(module_image& image, thunk_offsets& at) {
    align(16);
    const std::uint8_t* const foreign = getCurr();
    at.foreign_call = here();
    push(r14);
    mov(rdx, r14);
    get(rax, r14, header_offset::stack_limit);
    get(r14, rcx, offsetof(function_record, instance));
    put(r14, header_offset::stack_limit, rax);
    get(r15, r14, header_offset::memory_base);
    call(qword[rcx + offsetof(function_record, code)]);
    pop(r14);
    get(r15, r14, header_offset::memory_base);
    ret();

    image.table_thunks.assign(image.info.tables.size(), 0);
    for (std::uint32_t t = 0; t < image.info.tables.size(); ++t) {
      if (!image.layout.inline_table(t)) continue;
      image.table_thunks[t] = here();
      mov(rcx, qword[r14 + rax * 8 + displacement(image.layout.table_references[t])]);
      jmp(foreign);
    }
  }

  // Equal types share.
  void types(module_image& image, const thunk_offsets& at, const std::vector<bool>& used) {
    exit_ = base_ + at.exit;
    adapter_failed_ = getCurr();
    mov(rcx, rax);
    leave();
    // The adapter was called by a foreign thunk, which keeps one word above its return address; or by an entry thunk.
    get(rax, rsp, 16);
    jmp(base_ + at.trap);

    const auto& all = image.info.types;
    const auto less = [&](std::uint32_t a, std::uint32_t b) {
      const int order = text(all[a].params).compare(text(all[b].params));
      return order != 0 ? order < 0 : text(all[a].results) < text(all[b].results);
    };
    std::map<std::uint32_t, std::uint32_t, decltype(less)> written(less);
    image.entry_thunks.assign(all.size(), 0), image.host_adapters.assign(all.size(), 0);
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      if (!used[i]) continue;
      if (const std::uint32_t same = written.try_emplace(i, i).first->second; same != i) {
        image.entry_thunks[i] = image.entry_thunks[same], image.host_adapters[i] = image.host_adapters[same];
        continue;
      }
      align(16);
      image.entry_thunks[i] = here();
      entry(all[i]);
      align(16);
      image.host_adapters[i] = here();
      adapter(all[i]);
    }
  }

 private:
  static Xbyak::Reg64 general(reg r) { return Xbyak::Reg64(int(r)); }
  static Xbyak::Xmm xmm_of(reg r) { return Xbyak::Xmm(int(r) - 16); }
  static std::size_t displacement(std::integral auto d) { return std::size_t(std::int64_t(d)); }
  Xbyak::Address header(const Xbyak::Reg64& instance, std::int32_t offset) const { return qword[instance + displacement(offset)]; }
  static std::string_view text(const std::vector<val>& types) { return {reinterpret_cast<const char*>(types.data()), types.size()}; }
  static std::size_t overflow(std::uint32_t i) { return offsetof(context, overflow) + 8 * std::size_t{i}; }

  // The 8 bytes at base + offset: out of line, because xbyak's operands are long where they are inlined.
  [[gnu::noinline]] void get(int to, int base, std::size_t offset) { mov(Xbyak::Reg64(to), qword[Xbyak::Reg64(base) + offset]); }
  [[gnu::noinline]] void put(int base, std::size_t offset, int from) { mov(qword[Xbyak::Reg64(base) + offset], Xbyak::Reg64(from)); }
  void get(const Xbyak::Reg64& to, const Xbyak::Reg64& base, std::integral auto offset) { get(to.getIdx(), base.getIdx(), displacement(offset)); }
  void put(const Xbyak::Reg64& base, std::integral auto offset, const Xbyak::Reg64& from) { put(base.getIdx(), displacement(offset), from.getIdx()); }

  // A register from an array of values; i32 and f32 are read as 32 bits.
  [[gnu::noinline]] void load(val t, reg to, const Xbyak::Reg64& base, std::size_t offset) {
    if (t == val::f32) movss(xmm_of(to), dword[base + offset]);
    else if (t == val::f64) movsd(xmm_of(to), qword[base + offset]);
    else load_bits(t, general(to), base, offset);
  }
  [[gnu::noinline]] void load_bits(val t, const Xbyak::Reg64& to, const Xbyak::Reg64& base, std::size_t offset) {
    if (is_wide(t)) get(to, base, offset);
    else mov(to.cvt32(), dword[base + offset]);
  }
  // A register to an array of values; i32 and f32 get zeros above them.
  [[gnu::noinline]] void store(val t, const Xbyak::Reg64& base, std::size_t offset, reg from, const Xbyak::Reg64& scratch) {
    if (t == val::f64) return movsd(qword[base + offset], xmm_of(from));
    if (t == val::f32) movd(scratch.cvt32(), xmm_of(from));
    else if (t == val::i32) mov(scratch.cvt32(), general(from).cvt32());
    put(base, offset, is_wide(t) ? general(from) : scratch);
  }
  // A run of `count` values from one array to another, all 64 bits of each; `counter` is destroyed where there are many.
  void copy(const Xbyak::Reg64& to, std::size_t to_offset, const Xbyak::Reg64& from, std::size_t from_offset, std::size_t count, const Xbyak::Reg64& scratch,
            const Xbyak::Reg64& counter) {
    constexpr std::size_t few = 4;
    for (std::size_t i = 0; count <= few && i < count; ++i) get(scratch, from, from_offset + 8 * i), put(to, to_offset + 8 * i, scratch);
    if (count <= few) return;
    mov(counter.cvt32(), std::uint32_t(count));
    const std::uint8_t* const again = getCurr();
    mov(scratch, qword[from + counter * 8 + (from_offset - 8)]);
    mov(qword[to + counter * 8 + (to_offset - 8)], scratch);
    sub(counter.cvt32(), 1);
    jnz(again);
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
    for (const auto& r : {rbx, rbp, r12, r13, r14, r15, rdi, rcx}) push(r);
    push(qword[rcx + offsetof(context, saved_sp)]);
    push(rdx);
    push(0);
    push(header(rdx, header_offset::stack_limit));
    put(rcx, offsetof(context, saved_sp), rsp);
    get(rax, rcx, offsetof(context, stack_limit));
    put(rdx, header_offset::stack_limit, rax);
    mov(r14, rdx);
    get(r15, r14, header_offset::memory_base);
    mov(rax, rsi);
    mov(r11, rdi);
    deal(type.params, value_places::arguments(), [&](val t, reg r, std::size_t at) { load(t, r, r11, at); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(rcx, place, r11, at, count, r10, rdx); });
    call(rax);
    if (!type.results.empty()) get(r11, rsp, 40);  // the values
    if (type.results.size() > 2) get(rsi, rsp, 32);  // the context
    deal(type.results, value_places::results(), [&](val t, reg r, std::size_t at) { store(t, r11, at, r, rdi); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(r11, at, rsi, place, count, rdi, r8); });
    xor_(eax, eax);
    jmp(exit_);
  }

  void adapter(const function_type& type) {
    const std::size_t values = std::max({type.params.size(), type.results.size(), std::size_t{1}});
    enter_host();
    sub(rsp, std::uint32_t(8 * values));
    and_(rsp, ~15u);
    if (values > few_values) {
      mov(eax, std::uint32_t(trap_code::call_stack_exhausted) + 1);
      cmp(rsp, header(r14, header_offset::stack_limit));
      jb(adapter_failed_);
    }
    if (type.params.size() > 4) get(rcx, r14, header_offset::store_context);
    deal(type.params, value_places::arguments(), [&](val t, reg r, std::size_t at) { store(t, rsp, at, r, rax); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(rsp, at, rcx, place, count, rax, r10); });
    lea(rdi, header(r14, host_closure_call));
    mov(rsi, rsp);
    call(qword[rdi + offsetof(host_closure, call)]);
    test(rax, rax);
    jnz(adapter_failed_);
    if (type.results.size() > 2) get(rsi, r14, header_offset::store_context);
    deal(type.results, value_places::results(), [&](val t, reg r, std::size_t at) { load(t, r, rsp, at); },
         [&](std::size_t place, std::size_t at, std::size_t count) { copy(rsi, place, rsp, at, count, rdi, r8); });
    leave_host();
    ret();
  }

  // A frame for C++ to be called from, with what our callees keep and C++ does not.
  void enter_host() {
    push(rbp);
    mov(rbp, rsp);
    push(r10);
    push(r11);
  }
  void leave_host() {
    mov(r10, qword[rbp - 8]);
    mov(r11, qword[rbp - 16]);
    leave();
  }

  static constexpr std::size_t few_values = 64;  // the reserve below the stack limit has room for them

  const std::uint8_t* base_;
  const std::uint8_t *exit_ = nullptr, *adapter_failed_ = nullptr;
};

// Writes at most thunk_bytes(image.info) bytes to `out` and returns their end. image.info and image.layout are there already.
inline std::uint8_t* write_thunks(std::uint8_t* out, const std::uint8_t* base, module_image& image, thunk_offsets& at) {
  thunk_writer w(out, thunk_bytes(image.info), base);
  w.exits(image, at);
  w.runtime_calls(at);
  w.foreign_calls(image, at);
  return w.end();
}
// Likewise those of the types that are used: by functions, or by call_indirect.
inline std::uint8_t* write_type_thunks(std::uint8_t* out, const std::uint8_t* base, module_image& image, const thunk_offsets& at, const std::vector<bool>& used) {
  thunk_writer w(out, type_thunk_bytes(image.info, used), base);
  w.types(image, at, used);
  return w.end();
}

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
