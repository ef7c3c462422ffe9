#include <lightbeam/x64/assembler.hpp>
#include <lightbeam/x64/reference_assembler.hpp>

#include <doctest/doctest.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace lightbeam;

namespace {

using bytes = std::array<std::uint8_t, 96>;

constexpr width widths[] = {width::w32, width::w64};
constexpr bool precisions[] = {false, true};
constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max(), smallest = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t displacements[] = {0, 1, -1, 127, 128, -128, -129, 0x12345678, largest, smallest};
constexpr std::int32_t immediates[] = {0,     1,     -1,     2,      127,        128,     -128,    -129,   255,
                                       256,   -256,  32767,  32768,  -32768,     -32769,  65535,   65536,  0x12345678,
                                       -0x12345678, largest, smallest, smallest + 1};

std::vector<reg> file(int first) {
  std::vector<reg> all;
  for (int i = first; i < first + 16; ++i) all.push_back(reg(i));
  return all;
}
const std::vector<reg> generals = file(0), xmms = file(16);

std::vector<address> addresses(const std::vector<reg>& registers, const std::vector<std::int32_t>& at) {
  std::vector<address> all;
  auto bases = registers;
  bases.push_back(reg::none);
  for (const reg base : bases) {
    for (const std::int32_t k : at) {
      all.push_back({base, reg::none, 0, k});
      for (const reg index : registers) {
        for (int scale = 0; scale < 4 && index != reg::sp; ++scale) all.push_back({base, index, std::uint8_t(scale), k});
      }
    }
  }
  return all;
}
const std::vector<address> all_addresses = addresses(generals, {std::begin(displacements), std::end(displacements)});
const std::vector<address> some_addresses = addresses({reg::ax, reg::sp, reg::bp, reg::r12, reg::r13}, {0, 1, -129});
// The scale means nothing without an index.
const std::vector<address> stray_scales = {{reg::ax, reg::none, 3, 0}, {reg::sp, reg::none, 2, 8}, {reg::none, reg::none, 1, 64}};

std::string hex(const bytes& b, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < to && i < b.size(); ++i) {
    for (const int digit : {b[i] >> 4, b[i] & 15}) text += "0123456789abcdef"[digit];
    text += ' ';
  }
  return text;
}

// Writes one instruction (or what f writes) with both assemblers and compares. Fast stores may reach 16 bytes past it.
class comparison {
 public:
  explicit comparison(std::string name) : name_(std::move(name)) {}
  ~comparison() {
    CHECK_MESSAGE(wrong_ == 0, name_, ": ", wrong_, " of ", done_, " differ");
    CHECK_MESSAGE(done_ > 0, name_, ": nothing compared");
  }
  void operator()(auto f) {
    constexpr std::size_t start = 16;
    fast_.fill(0xcc), reference_.fill(0xcc);
    fast_assembler fast{fast_.data() + start};
    reference_assembler reference{reference_.data() + start};
    f(fast);
    f(reference);
    const auto length = std::size_t(fast.out - fast_.data()), expected = std::size_t(reference.out - reference_.data());
    const auto untouched = [](std::uint8_t b) { return b == 0xcc; };
    const bool same = length == expected && std::equal(fast_.begin(), fast_.begin() + std::ptrdiff_t(length), reference_.begin());
    const bool inside = length + 16 > fast_.size() || std::all_of(fast_.begin() + std::ptrdiff_t(length) + 16, fast_.end(), untouched);
    ++done_;
    if (same && inside) return;
    if (wrong_++ < 3) MESSAGE(name_, ": fast ", hex(fast_, start, length), "reference ", hex(reference_, start, expected), inside ? "" : "writes too far");
  }

 private:
  std::string name_;
  int wrong_ = 0, done_ = 0;
  bytes fast_{}, reference_{};
};

void pairs(const char* name, const std::vector<reg>& first, const std::vector<reg>& second, auto f) {
  comparison compare(name);
  for (const width w : widths) {
    for (const reg d : first) {
      for (const reg s : second) compare([=](auto& a) { f(a, w, d, s); });
    }
  }
}
void singles(const char* name, auto f) {
  comparison compare(name);
  for (const width w : widths) {
    for (const reg r : generals) compare([=](auto& a) { f(a, w, r); });
  }
}
// All addresses with some registers, all registers with some addresses.
void memory(const char* name, const std::vector<reg>& registers, auto f) {
  comparison compare(name);
  for (const width w : widths) {
    for (const address& m : all_addresses) {
      for (const std::size_t i : {std::size_t{0}, std::size_t{6}, std::size_t{9}}) compare([=, r = registers[i]](auto& a) { f(a, w, r, m); });
    }
    for (const address& m : some_addresses) {
      for (const reg r : registers) compare([=](auto& a) { f(a, w, r, m); });
    }
    for (const address& m : stray_scales) compare([=, r = registers[1]](auto& a) { f(a, w, r, m); });
    // Frame slots have an encoder of their own, taken where the compiler sees that the operand is one.
    for (const std::int32_t k : displacements) {
      for (const reg r : registers) compare([=](auto& a) { f(a, w, r, address{reg::sp, reg::none, 0, k}); });
    }
  }
}
void memory_immediates(const char* name, auto f) {
  comparison compare(name);
  for (const width w : widths) {
    for (const address& m : all_addresses) {
      for (const std::int32_t k : {-1, 1000}) compare([=](auto& a) { f(a, w, m, k); });
    }
    for (const address& m : some_addresses) {
      for (const std::int32_t k : immediates) compare([=](auto& a) { f(a, w, m, k); });
    }
    for (const std::int32_t at : displacements) {
      for (const std::int32_t k : immediates) compare([=](auto& a) { f(a, w, address{reg::sp, reg::none, 0, at}, k); });
    }
  }
}
void register_immediates(const char* name, auto f) {
  comparison compare(name);
  for (const width w : widths) {
    for (const reg r : generals) {
      for (const std::int32_t k : immediates) compare([=](auto& a) { f(a, w, r, k); });
    }
  }
}

template <class Enum>
std::vector<Enum> all(std::initializer_list<int> numbers) {
  std::vector<Enum> list;
  for (const int n : numbers) list.push_back(Enum(n));
  return list;
}
const auto alus = all<alu_op>({0, 1, 2, 3, 4, 5, 6, 7});
const auto conds = all<cond>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
const auto sses = all<sse_op>({0x51, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f});
const auto bit_ops = all<bit_op>({0x54, 0x55, 0x56, 0x57});
const auto shifts = all<shift_op>({0, 1, 4, 5, 7});

}  // namespace

TEST_CASE("negate turns each condition into its opposite") {
  CHECK(negate(cond::e) == cond::ne);
  CHECK(negate(cond::a) == cond::be);
  CHECK(negate(cond::l) == cond::ge);
  CHECK(negate(cond::p) == cond::np);
  for (const cond c : conds) CHECK((negate(negate(c)) == c && negate(c) != c));
}

TEST_CASE("moves between registers and constants") {
  pairs("mov", generals, generals, [](auto& a, width w, reg d, reg s) { a.mov(w, d, s); });
  pairs("movzx8", generals, generals, [](auto& a, width, reg d, reg s) { a.movzx8(d, s); });
  pairs("movzx16", generals, generals, [](auto& a, width, reg d, reg s) { a.movzx16(d, s); });
  pairs("movsx8", generals, generals, [](auto& a, width w, reg d, reg s) { a.movsx8(w, d, s); });
  pairs("movsx16", generals, generals, [](auto& a, width w, reg d, reg s) { a.movsx16(w, d, s); });
  pairs("movsxd", generals, generals, [](auto& a, width, reg d, reg s) { a.movsxd(d, s); });
  singles("push", [](auto& a, width, reg r) { a.push(r); });
  singles("pop", [](auto& a, width, reg r) { a.pop(r); });
  memory("push m", generals, [](auto& a, width, reg, address m) { a.push(m); });
  comparison small("push imm8, leave");
  for (const std::int32_t k : {0, 1, -1, 127, -128}) small([=](auto& a) { a.push(std::int8_t(k)), a.leave(); });
  comparison constants("mov constant");
  std::vector<std::uint64_t> values;
  for (const std::int32_t k : immediates) values.push_back(std::uint64_t(std::int64_t{k})), values.push_back(std::uint32_t(k));
  for (int bit = 30; bit < 64; ++bit) {
    for (const std::uint64_t near : {std::uint64_t(-1), std::uint64_t{0}, std::uint64_t{1}}) values.push_back((std::uint64_t{1} << bit) + near);
    values.push_back(~std::uint64_t{0} << bit), values.push_back((~std::uint64_t{0} << bit) - 1);
  }
  for (const width w : widths) {
    for (const reg d : generals) {
      for (const std::uint64_t k : values) constants([=](auto& a) { a.mov(w, d, k); });
    }
  }
}

TEST_CASE("loads, stores and addresses") {
  for (int op = 0; op <= int(load_op::movsd); ++op) {
    const bool is_float = load_op(op) >= load_op::movss;
    memory("load", is_float ? xmms : generals, [=](auto& a, width, reg r, address m) { a.load(load_op(op), r, m); });
  }
  for (int op = 0; op <= int(store_op::movsd); ++op) {
    const bool is_float = store_op(op) >= store_op::movss;
    memory("store", is_float ? xmms : generals, [=](auto& a, width, reg r, address m) { a.store(store_op(op), m, r); });
  }
  for (int op = 0; op <= int(store_op::mov64); ++op) {
    memory_immediates("store_imm", [=](auto& a, width, address m, std::int32_t k) { a.store_imm(store_op(op), m, k); });
  }
  memory("lea", generals, [](auto& a, width w, reg r, address m) { a.lea(w, r, m); });
}

TEST_CASE("integer arithmetic") {
  for (const alu_op op : alus) {
    pairs("alu rr", generals, generals, [=](auto& a, width w, reg d, reg s) { a.alu(op, w, d, s); });
    register_immediates("alu ri", [=](auto& a, width w, reg d, std::int32_t k) { a.alu(op, w, d, k); });
    memory("alu rm", generals, [=](auto& a, width w, reg r, address m) { a.alu(op, w, r, m); });
    memory("alu mr", generals, [=](auto& a, width w, reg r, address m) { a.alu(op, w, m, r); });
    memory_immediates("alu mi", [=](auto& a, width w, address m, std::int32_t k) { a.alu(op, w, m, k); });
  }
  memory_immediates("cmp8", [](auto& a, width, address m, std::int32_t k) { a.cmp8(m, std::uint8_t(k)); });
  pairs("test", generals, generals, [](auto& a, width w, reg d, reg s) { a.test(w, d, s); });
  register_immediates("test imm", [](auto& a, width w, reg r, std::int32_t k) { a.test(w, r, k); });
  pairs("imul", generals, generals, [](auto& a, width w, reg d, reg s) { a.imul(w, d, s); });
  memory("imul rm", generals, [](auto& a, width w, reg r, address m) { a.imul(w, r, m); });
  for (const std::int32_t k : immediates) {
    pairs("imul rri", generals, generals, [=](auto& a, width w, reg d, reg s) { a.imul(w, d, s, k); });
  }
  memory("imul rmi short", generals, [](auto& a, width w, reg r, address m) { a.imul(w, r, m, -128); });
  memory("imul rmi long", generals, [](auto& a, width w, reg r, address m) { a.imul(w, r, m, 128); });
  for (const std::int32_t k : immediates) memory_immediates("imul rmi", [=](auto& a, width w, address m, std::int32_t) { a.imul(w, reg::r9, m, k); });
  singles("neg", [](auto& a, width w, reg r) { a.neg(w, r); });
  singles("not", [](auto& a, width w, reg r) { a.not_(w, r); });
  singles("div", [](auto& a, width w, reg r) { a.div(w, r); });
  singles("idiv", [](auto& a, width w, reg r) { a.idiv(w, r); });
  singles("cdq", [](auto& a, width w, reg) { a.cdq(w); });
  memory("div m", generals, [](auto& a, width w, reg, address m) { a.div(w, m); });
  memory("idiv m", generals, [](auto& a, width w, reg, address m) { a.idiv(w, m); });
}

TEST_CASE("shifts and bits") {
  for (int bit = 0; bit < 64; ++bit) {
    singles("btr", [=](auto& a, width w, reg r) { a.btr(w, r, std::uint8_t(bit)); });
    singles("btc", [=](auto& a, width w, reg r) { a.btc(w, r, std::uint8_t(bit)); });
  }
  for (const shift_op op : shifts) {
    for (int count = 0; count < 64; ++count) singles("shift", [=](auto& a, width w, reg r) { a.shift(op, w, r, std::uint8_t(count)); });
    singles("shift cl", [=](auto& a, width w, reg r) { a.shift_cl(op, w, r); });
    if (op < shift_op::shl) continue;
    for (const reg count : generals) pairs("shx", generals, generals, [=](auto& a, width w, reg d, reg s) { a.shx(op, w, d, s, count); });
  }
  for (int count = 0; count < 64; ++count) pairs("rorx", generals, generals, [=](auto& a, width w, reg d, reg s) { a.rorx(w, d, s, std::uint8_t(count)); });
  pairs("bsf", generals, generals, [](auto& a, width w, reg d, reg s) { a.bsf(w, d, s); });
  pairs("bsr", generals, generals, [](auto& a, width w, reg d, reg s) { a.bsr(w, d, s); });
  pairs("tzcnt", generals, generals, [](auto& a, width w, reg d, reg s) { a.tzcnt(w, d, s); });
  pairs("lzcnt", generals, generals, [](auto& a, width w, reg d, reg s) { a.lzcnt(w, d, s); });
  pairs("popcnt", generals, generals, [](auto& a, width w, reg d, reg s) { a.popcnt(w, d, s); });
}

TEST_CASE("conditions") {
  for (const cond c : conds) {
    singles("setcc", [=](auto& a, width, reg r) { a.setcc(c, r); });
    pairs("cmov", generals, generals, [=](auto& a, width w, reg d, reg s) { a.cmov(c, w, d, s); });
  }
  for (const cond c : {cond::o, cond::e, cond::g}) memory("cmov m", generals, [=](auto& a, width w, reg d, address m) { a.cmov(c, w, d, m); });
}

TEST_CASE("xmm instructions") {
  pairs("movaps", xmms, xmms, [](auto& a, width, reg d, reg s) { a.movaps(d, s); });
  pairs("movd to xmm", xmms, generals, [](auto& a, width w, reg d, reg s) { a.movd(w, d, s); });
  pairs("movd from xmm", generals, xmms, [](auto& a, width w, reg d, reg s) { a.movd(w, d, s); });
  for (const bool is_double : precisions) {
    for (const sse_op op : sses) {
      pairs("sse", xmms, xmms, [=](auto& a, width, reg d, reg s) { a.sse(op, is_double, d, s); });
      memory("sse m", xmms, [=](auto& a, width, reg d, address m) { a.sse(op, is_double, d, m); });
    }
    for (const bit_op op : bit_ops) {
      pairs("bits", xmms, xmms, [=](auto& a, width, reg d, reg s) { a.bits(op, is_double, d, s); });
      memory("bits m", xmms, [=](auto& a, width, reg d, address m) { a.bits(op, is_double, d, m); });
    }
    pairs("ucomis", xmms, xmms, [=](auto& a, width, reg d, reg s) { a.ucomis(is_double, d, s); });
    memory("ucomis m", xmms, [=](auto& a, width, reg d, address m) { a.ucomis(is_double, d, m); });
    pairs("cvtsi2s", xmms, generals, [=](auto& a, width w, reg d, reg s) { a.cvtsi2s(is_double, w, d, s); });
    pairs("cvtts2si", generals, xmms, [=](auto& a, width w, reg d, reg s) { a.cvtts2si(is_double, w, d, s); });
    pairs("cvts2s", xmms, xmms, [=](auto& a, width, reg d, reg s) { a.cvts2s(is_double, d, s); });
    for (int mode = 0; mode < 16; ++mode) {
      pairs("round", xmms, xmms, [=](auto& a, width, reg d, reg s) { a.round(is_double, d, s, std::uint8_t(mode)); });
    }
  }
}

TEST_CASE("jumps and calls") {
  singles("call r", [](auto& a, width, reg r) { a.call(r); });
  singles("jmp r", [](auto& a, width, reg r) { a.jmp(r); });
  memory("call m", generals, [](auto& a, width, reg, address m) { a.call(m); });
  memory("jmp m", generals, [](auto& a, width, reg, address m) { a.jmp(m); });
  comparison compare("unresolved and simple");
  const auto returns_field = [&](auto f) {
    compare([=](auto& a) {
      const std::uint8_t* const field = f(a);
      CHECK(field == a.out - 4);
    });
  };
  for (const cond c : conds) returns_field([=](auto& a) { return a.jcc(c); });
  returns_field([](auto& a) { return a.jmp(); });
  returns_field([](auto& a) { return a.call(); });
  for (const reg d : generals) returns_field([=](auto& a) { return a.lea_rip(d); });
  compare([](auto& a) { a.ret(); });
  for (unsigned n = 0; n <= 40; ++n) compare([=](auto& a) { a.nop(n); });
  for (const std::int32_t distance : displacements) {
    compare([=](auto& a) {
      std::uint8_t* const field = a.jcc(cond::ne);
      a.patch(field, a.out + distance / 2);
    });
  }
}

TEST_CASE("jumps to known targets take the short form where it fits") {
  comparison compare("targets");
  std::vector<std::int32_t> distances = {-100000, 100000, -(1 << 30), 1 << 30};
  for (std::int32_t d = -140; d <= 140; ++d) distances.push_back(d);
  for (const std::int32_t distance : distances) {
    for (const cond c : conds) compare([=](auto& a) { a.jcc(c, a.out + distance); });
    compare([=](auto& a) { a.jmp(a.out + distance); });
    compare([=](auto& a) { a.call(a.out + distance); });
  }
}

TEST_CASE("the rare assembler writes at the cursor and returns the end") {
  bytes buffer;
  buffer.fill(0xcc);
  rare_assembler rare;
  fast_assembler a{buffer.data()};
  a.ret();
  a.out = rare.write(a.out, [](auto& x) { x.bswap(x.eax), x.pause(); });
  a.ret();
  CHECK(hex(buffer, 0, std::size_t(a.out - buffer.data())) == "c3 0f c8 f3 90 c3 ");
}
