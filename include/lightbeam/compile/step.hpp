#pragma once

#include "../gen/verify.hpp"
#include "../lower/control.hpp"
#include "../lower/floating.hpp"
#include "../lower/integer.hpp"
#include "../lower/memory.hpp"
#include "../lower/parametric.hpp"
#include "../lower/table.hpp"
#include "../lower/variable.hpp"
#include "../policy/policy.hpp"
#include "../wasm/immediates.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

template <class H, class G, class... Immediate>
concept handler = requires(const H& h, G& g, Immediate... i) { h(g, i...); };

// The entries of a policy, by opcode: those without a prefix, then 256 of prefix 0xfc. All are constants: code that made them
// when the program starts would be long.
template <class Policy>
struct dispatch {
  static constexpr std::size_t misc = 256, size = 512;
  static const std::array<entry, size> table;
  static const std::array<entry, misc> observed;  // while a trap is located: notes where each operator's code begins
  static const std::array<entry, misc> verified;  // looks at the compiler's state before each operator
};

template <class T>
constexpr bool alignment_fits(const T&, const row_data&) { return true; }
constexpr bool alignment_fits(const memarg& m, const row_data& row) { return m.align <= row.alignment; }

// A handler may have a short way for the frequent forms of its operands: `quick` does all of the operator, immediates included,
// or returns false with nothing changed. It calls nothing, so its step keeps nothing in saved registers.
template <class H, class G>
concept has_quick = requires(const H& h, G& g, const row_data& row) {
  { h.quick(g, row) } -> std::same_as<bool>;
};

// A handler that is rare, or beside its `quick`, is not made part of a step: it is compiled as other functions are, and calls what
// steps contain. One step serves all of them that take the same immediates and as many typed operands: each that had one of its
// own would take a unit a twentieth of a second to compile, and being part of it twice that.
template <class H>
concept is_rare = requires { H::rare; };
template <class... Immediate>
struct rare_handler {
  void (*run)(compile_context&, const void* handler, Immediate...);
  const void* handler;

  void operator()(auto& g, Immediate... i) const {
    g.save();
    run(g.c, handler, i...);
    g.reload();
  }
};
template <class Policy, class H, class... Immediate>
void run_rare(generator<Policy>& g, const void* handler, Immediate... i) { (*static_cast<const H*>(handler))(g, i...); }
template <class Policy, op O, class... Immediate>
inline constexpr rare_handler<Immediate...> rare_handler_of = [] {
  const auto& handler = Policy::overrides::template handler<O>();
  using H = std::remove_cvref_t<decltype(handler)>;
  return rare_handler<Immediate...>{&generator<Policy>::template outlined<&run_rare<Policy, H, Immediate...>, const void*, Immediate...>, &handler};
}();

// Decode, validate and lower one operator: the whole pipeline. One instantiation serves all operators of a shape; what tells
// them apart comes with the entry. Flat, so that the cursor never has an address and stays in registers.
template <class Policy, class H, imm I, int Ins>
[[gnu::noinline, LIGHTBEAM_FLAT]] void full_step(compile_context* c, const std::uint8_t* pc, value* sp, std::uint8_t* out, std::uint64_t registers, const entry* e) {
  using G = generator<Policy>;
  G g{pc + 1, sp, {out}, registers, *c, pc};
  std::uint64_t wrong = 0;
  for (int k = 0; k < Ins; ++k) wrong |= g.sp[k - Ins].tag ^ e->row.in[k];
  const H& h = *static_cast<const H*>(e->handler);
  if constexpr (I == imm::none || I == imm::br_table) {
    if (wrong & value::type_mask) [[unlikely]] g.reject();
    else h(g);
  } else {
    const auto read = read_immediate<I>(g.pc);
    if (!read.length || wrong & value::type_mask || !alignment_fits(read.value, e->row)) [[unlikely]] {
      g.reject();
    } else {
      g.pc += read.length;
      h(g, read.value);
    }
  }
  if constexpr (tail_calls) {
    const entry* next = &c->table[*g.pc];
    LIGHTBEAM_TAIL next->step(c, g.pc, g.sp, g.a.out, g.registers, next);
  } else {
    g.save();
  }
}
// H is the handler, Rest what the full step sees of it.
template <class Policy, class H, class Rest, imm I, int Ins>
[[LIGHTBEAM_FLAT]] void quick_step(compile_context* c, const std::uint8_t* pc, value* sp, std::uint8_t* out, std::uint64_t registers, const entry* e) {
  using G = generator<Policy>;
  G g{pc + 1, sp, {out}, registers, *c, pc};
  std::uint64_t wrong = 0;
  for (int k = 0; k < Ins; ++k) wrong |= g.sp[k - Ins].tag ^ e->row.in[k];
  const void* handler = e->handler;
  if constexpr (is_rare<H>) handler = static_cast<const Rest*>(handler)->handler;
  const bool done = !(wrong & value::type_mask) && static_cast<const H*>(handler)->quick(g, e->row);
  if constexpr (tail_calls) {
    if (done) [[likely]] {
      const entry* next = &c->table[*g.pc];
      LIGHTBEAM_TAIL next->step(c, g.pc, g.sp, g.a.out, g.registers, next);
    }
    LIGHTBEAM_TAIL full_step<Policy, Rest, I, Ins>(c, pc, sp, out, registers, e);
  } else {
    if (done) g.save();
    else full_step<Policy, Rest, I, Ins>(c, pc, sp, out, registers, e);
  }
}
template <class Policy, class H, class Rest, imm I, int Ins>
constexpr entry::step_fn step_of() {
  if constexpr (has_quick<H, generator<Policy>>) return &quick_step<Policy, H, Rest, I, Ins>;
  else return &full_step<Policy, Rest, I, Ins>;
}
template <class Policy, op O, int Ins, class... Immediate>
constexpr entry entry_of(row_data data) {
  const auto& handler = Policy::overrides::template handler<O>();
  using H = std::remove_cvref_t<decltype(handler)>;
  if constexpr (is_rare<H>) return {step_of<Policy, H, rare_handler<Immediate...>, O->immediate, Ins>(), &rare_handler_of<Policy, O, Immediate...>, data};
  else return {step_of<Policy, H, H, O->immediate, Ins>(), &handler, data};
}

// Ends the chain: reached by the 0xff that pads every body, through fail(), or by what is no operator of this policy's features.
template <class Policy>
void stop(compile_context* c, const std::uint8_t* pc, value* sp, std::uint8_t* out, std::uint64_t registers, const entry*) {
  auto g = generator<Policy>{pc, sp, {out}, registers, *c, pc};
  if (!c->done && !c->failed) g.reject();
  g.save();
  c->halted = true;
}

// 0xfc: its operators have codes of their own, in LEB128. The others' proposals are not lowered, so they have no table.
template <class Policy>
[[LIGHTBEAM_FLAT]] void prefixed(compile_context* c, const std::uint8_t* pc, value* sp, std::uint8_t* out, std::uint64_t registers, const entry*) {
  const auto code = decode_u32(pc + 1);
  const bool listed = code.length && pc[0] == 0xfc && code.value < 256;
  const entry* const next = &dispatch<Policy>::table[listed ? dispatch<Policy>::misc + code.value : 0xff];
  c->prefix = pc, c->prefixed_by = pc + code.length;
  // The step skips one byte of opcode; it finds the rest skipped here.
  if constexpr (tail_calls) {
    LIGHTBEAM_TAIL next->step(c, pc + code.length, sp, out, registers, next);
  } else {
    next->step(c, pc + code.length, sp, out, registers, next);
  }
}

// Notes where the operator's code begins, then runs its real entry.
template <class Policy>
[[LIGHTBEAM_FLAT]] void observe(compile_context* c, const std::uint8_t* pc, value* sp, std::uint8_t* out, std::uint64_t registers, const entry*) {
  c->locating->begin(out, std::uint32_t(pc - c->body));
  const entry* real = &dispatch<Policy>::table[*pc];
  if constexpr (tail_calls) {
    LIGHTBEAM_TAIL real->step(c, pc, sp, out, registers, real);
  } else {
    real->step(c, pc, sp, out, registers, real);
  }
}

// Goes on with the real entry where nothing is wrong.
template <class Policy>
[[LIGHTBEAM_FLAT]] void verify(compile_context* c, const std::uint8_t* pc, value* sp, std::uint8_t* out, std::uint64_t registers, const entry*) {
  auto g = generator<Policy>{pc, sp, {out}, registers, *c, pc};
  const entry* real = &dispatch<Policy>::table[*pc];
  if (const char* const why = verifier<Policy>::broken(g)) {
    c->failed = failure(failure_kind::limit, why, std::uint32_t(pc - c->body));
    real = &dispatch<Policy>::table[0xff];
  }
  if constexpr (tail_calls) {
    LIGHTBEAM_TAIL real->step(c, pc, sp, out, registers, real);
  } else {
    real->step(c, pc, sp, out, registers, real);
  }
}

// False, for a message of the compiler that names the operator.
template <op_name>
inline constexpr bool fits = false;

template <class Policy, op O>
constexpr entry make_entry() {
  using H = std::remove_cvref_t<decltype(Policy::overrides::template handler<O>())>;
  using G = generator<Policy>;
  static_assert(!std::same_as<H, no_handler> || fits<op_name(O)>, "no file in lower/ handles this operator, which the policy's features include: what is handled is feature::wasm2_scalar");
  row_data data;
  data.alignment = O->natural_alignment;
  constexpr int ins = O->type.by_check ? 0 : O->type.ins;
  for (int k = 0; k < ins; ++k) data.in[k] = std::uint8_t(O->type.in[std::size_t(k)]);
  if constexpr (O->immediate == imm::none || O->immediate == imm::br_table) {
    if constexpr (!handler<H, G>) static_assert(fits<op_name(O)>, "the handler must accept (generator&): its row has no immediate");
    else return entry_of<Policy, O, ins>(data);
  } else {
    if constexpr (!handler<H, G, immediate_t<O->immediate>>) static_assert(fits<op_name(O)>, "the handler must accept (generator&, immediate): see its row");
    else return entry_of<Policy, O, ins, immediate_t<O->immediate>>(data);
  }
}

// The rows of Policy::features. The others cost nothing: nothing is instantiated for them.
template <class Policy>
inline constexpr auto enabled_rows = [] {
  constexpr auto enabled = [](const op_row& row) { return contains(Policy::features, row.since); };
  std::array<std::size_t, std::size_t(std::count_if(op_table.begin(), op_table.end(), enabled))> rows{};
  std::size_t count = 0;
  for (std::size_t row = 0; row < op_table.size(); ++row)
    if (enabled(op_table[row])) rows[count++] = row;
  return rows;
}();

template <class Policy>
constinit const std::array<entry, dispatch<Policy>::size> dispatch<Policy>::table = []<std::size_t... I>(std::index_sequence<I...>) {
  std::array<entry, size> by_code;
  by_code.fill({&stop<Policy>, nullptr, {}});
  const auto place = [&](std::uint32_t code, const entry& e) {
    if (code < 256) by_code[code] = e;
    else if (code >> 16 == 0xfc && (code & 0xffff) < 256) by_code[misc + (code & 0xffff)] = e;
  };
  // A list, because Clang nests fold expressions no deeper than 256.
  const entry entries[] = {make_entry<Policy, op(enabled_rows<Policy>[I])>()...};
  for (std::size_t i = 0; i < sizeof...(I); ++i) place(op_table[enabled_rows<Policy>[i]].code, entries[i]);
  for (const auto prefix : {0xfbu, 0xfcu, 0xfdu, 0xfeu}) by_code[prefix] = {&prefixed<Policy>, nullptr, {}};
  return by_code;
}(std::make_index_sequence<enabled_rows<Policy>.size()>{});

// All operators by way of `step` first.
template <class Policy>
constexpr std::array<entry, dispatch<Policy>::misc> by_way_of(entry::step_fn step) {
  std::array<entry, dispatch<Policy>::misc> entries;
  entries.fill({step, nullptr, {}});
  entries[0xff] = {&stop<Policy>, nullptr, {}};
  return entries;
}
template <class Policy>
constinit const std::array<entry, dispatch<Policy>::misc> dispatch<Policy>::observed = by_way_of<Policy>(&observe<Policy>);
template <class Policy>
constinit const std::array<entry, dispatch<Policy>::misc> dispatch<Policy>::verified = by_way_of<Policy>(&verify<Policy>);

}  // namespace lightbeam::inline LIGHTBEAM_ABI
