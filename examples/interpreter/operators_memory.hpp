#pragma once

// Memory operators, section 4.4.7. `bits` of an instruction is the constant offset.

#include "operation.hpp"

namespace interpreter {

// Address and count are 32 bits, the offset too, so the sum does not wrap in 64.
template <class T>
std::uint8_t* element(machine& m, const instruction& i, word address) {
  memory& mem = *m.here().memories[0];
  const std::uint64_t at = address + i.bits;
  if (mem.holds(at, sizeof(T))) return mem.bytes.get() + at;
  m.trap(trap_code::memory_out_of_bounds);
  return nullptr;
}

// Loads a Stored and widens it to a Value, with its sign if Stored is signed. Floats are loaded as bits.
template <class Value, class Stored>
void load(machine& m, const instruction& i) {
  const auto* from = element<Stored>(m, i, m.pop<word>());
  if (!from) return;
  Stored v;
  std::memcpy(&v, from, sizeof v);
  m.push(Value(v));
}
template <class Stored>
void store_to(machine& m, const instruction& i) {
  const auto v = Stored(m.pop<word>());
  if (auto* to = element<Stored>(m, i, m.pop<word>())) std::memcpy(to, &v, sizeof v);
}

inline void memory_size(machine& m, const instruction&) { m.push(m.here().memories[0]->pages); }
inline void memory_grow(machine& m, const instruction&) {
  const auto more = m.pop<std::uint32_t>();
  m.push(m.here().memories[0]->grow(more));
}
inline void memory_fill(machine& m, const instruction&) {
  const auto count = m.pop<std::uint32_t>();
  const auto byte = m.pop<std::uint32_t>(), to = m.pop<std::uint32_t>();
  memory& mem = *m.here().memories[0];
  if (!mem.holds(to, count)) return m.trap(trap_code::memory_out_of_bounds);
  std::memset(mem.bytes.get() + to, int(byte & 0xff), count);
}
inline void memory_copy(machine& m, const instruction&) {
  const auto count = m.pop<std::uint32_t>(), from = m.pop<std::uint32_t>(), to = m.pop<std::uint32_t>();
  memory& mem = *m.here().memories[0];
  if (!mem.holds(from, count) || !mem.holds(to, count)) return m.trap(trap_code::memory_out_of_bounds);
  std::memmove(mem.bytes.get() + to, mem.bytes.get() + from, count);
}
// a: the segment.
inline void memory_init(machine& m, const instruction& i) {
  const auto count = m.pop<std::uint32_t>(), from = m.pop<std::uint32_t>(), to = m.pop<std::uint32_t>();
  memory& mem = *m.here().memories[0];
  const auto segment = m.here().data[i.a];
  if (std::uint64_t(from) + count > segment.size() || !mem.holds(to, count)) return m.trap(trap_code::memory_out_of_bounds);
  if (count) std::memcpy(mem.bytes.get() + to, segment.data() + from, count);
}
inline void data_drop(machine& m, const instruction& i) { m.here().data[i.a] = {}; }

inline constexpr operation memory_operations[] = {
    {"i32.load", load<std::uint32_t, std::uint32_t>},
    {"i64.load", load<std::uint64_t, std::uint64_t>},
    {"f32.load", load<std::uint32_t, std::uint32_t>},
    {"f64.load", load<std::uint64_t, std::uint64_t>},
    {"i32.load8_s", load<std::int32_t, std::int8_t>},
    {"i32.load8_u", load<std::uint32_t, std::uint8_t>},
    {"i32.load16_s", load<std::int32_t, std::int16_t>},
    {"i32.load16_u", load<std::uint32_t, std::uint16_t>},
    {"i64.load8_s", load<std::int64_t, std::int8_t>},
    {"i64.load8_u", load<std::uint64_t, std::uint8_t>},
    {"i64.load16_s", load<std::int64_t, std::int16_t>},
    {"i64.load16_u", load<std::uint64_t, std::uint16_t>},
    {"i64.load32_s", load<std::int64_t, std::int32_t>},
    {"i64.load32_u", load<std::uint64_t, std::uint32_t>},
    {"i32.store", store_to<std::uint32_t>},
    {"i64.store", store_to<std::uint64_t>},
    {"f32.store", store_to<std::uint32_t>},
    {"f64.store", store_to<std::uint64_t>},
    {"i32.store8", store_to<std::uint8_t>},
    {"i32.store16", store_to<std::uint16_t>},
    {"i64.store8", store_to<std::uint8_t>},
    {"i64.store16", store_to<std::uint16_t>},
    {"i64.store32", store_to<std::uint32_t>},
    {"memory.size", memory_size},
    {"memory.grow", memory_grow},
    {"memory.fill", memory_fill},
    {"memory.copy", memory_copy},
    {"memory.init", memory_init},
    {"data.drop", data_drop},
};

}  // namespace interpreter
