#include "lightbeam/compile/thunks.hpp"
#include "lightbeam/x64/assembler.hpp"
#include "lightbeam/x64/rare_assembler.hpp"
#include <algorithm>
#include <cstring>
#include <doctest/doctest.h>
#include <functional>
#include <random>
#include <sys/mman.h>

using namespace lightbeam;

namespace {

class test_image final : public module_image {
 public:
  code_site locate(const void*) const override { return {}; }
};

// The variable part begins where the instance register points.
struct instance_block {
  instance_header header;
  std::uint64_t data[2048] = {};
  instance_header* pointer() { return reinterpret_cast<instance_header*>(data); }
};

struct closure_block {
  host_closure closure;
  instance_header* pointer() { return reinterpret_cast<instance_header*>(&closure + 1); }
};

// Thunks and hand-written functions in one piece of memory, written first and run then.
class program {
 public:
  explicit program(std::vector<function_type> types, plain_vector<table_type> tables = {}) {
    image.info.types = std::move(types);
    image.info.tables = std::move(tables);
    image.layout = lay_out(image.info);
    code_ = static_cast<std::uint8_t*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(code_ != MAP_FAILED);
    image.code = code_;
    std::memset(code_, 0xcc, size);
    used.resize(image.info.types.size(), true);
    out_ = write_thunks<fast_assembler>(code_, code_, image, at);
    REQUIRE(std::size_t(out_ - code_) <= thunk_bytes(image.info));
    std::uint8_t* const of_types = std::exchange(out_, write_type_thunks<fast_assembler>(out_, code_, image, at, used));
    REQUIRE(std::size_t(out_ - of_types) <= type_thunk_bytes(image.info, used));
    state.stack_limit = 0x1234;
    state.saved_sp = 0x5678;
    for (instance_block* b : {&first, &second}) prepare(b->header);
    first.header.memory_base = reinterpret_cast<std::uint8_t*>(&first);
    second.header.memory_base = reinterpret_cast<std::uint8_t*>(&second);
  }
  program(const program&) = delete;
  ~program() { munmap(code_, size); }

  void prepare(instance_header& h) {
    h.store_context = &state;
    h.functions = functions;
    h.stack_limit = 0x99;
  }
  // Appends a function and returns its address.
  const std::uint8_t* add(auto f) {
    out_ = code_ + ((out_ - code_ + 15) & ~std::ptrdiff_t{15});
    Xbyak::CodeGenerator x(std::size_t(code_ + size - out_), out_);
    const std::uint8_t* const at_first = out_;
    f(x);
    out_ += x.getSize();
    return at_first;
  }
  void seal() { REQUIRE(mprotect(code_, size, PROT_READ | PROT_EXEC) == 0); }
  // The same bytes somewhere else.
  void move_elsewhere() {
    auto* const other = static_cast<std::uint8_t*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(other != MAP_FAILED);
    std::memcpy(other, code_, size);
    munmap(code_, size);
    image.code = code_ = other;
  }

  using entry_function = std::uint64_t (*)(std::uint64_t*, const void*, instance_header*, context*);
  entry_function entry(std::uint32_t type) const { return reinterpret_cast<entry_function>(reinterpret_cast<std::uintptr_t>(thunk(image.entry_thunks[type]))); }
  const void* thunk(std::uint32_t offset) const { return image.code + offset; }
  std::uint64_t run(std::uint32_t type, const void* function, std::uint64_t* values) {
    const auto status = entry(type)(values, function, first.pointer(), &state);
    CHECK(state.saved_sp == 0x5678);
    CHECK(first.header.stack_limit == 0x99);
    return status;
  }

  static constexpr std::size_t size = std::size_t{1} << 20;
  test_image image;
  thunk_offsets at;
  plain_vector<bool> used;
  context state;
  instance_block first, second;
  runtime_function functions[std::size_t(runtime_call::count)] = {};

 private:
  std::uint8_t *code_ = nullptr, *out_ = nullptr;
};

std::size_t displaced(std::int64_t d) { return std::size_t(d); }
Xbyak::Address at_instance(std::int64_t d) { return Xbyak::util::qword[Xbyak::util::r14 + displaced(d)]; }
Xbyak::Address overflow_at(const Xbyak::Reg64& r, std::uint32_t i) { return Xbyak::util::qword[r + offsetof(context, overflow) + 8 * std::size_t{i}]; }

// Writes each argument, all 64 bits of its place, to the instance's data.
void spill_arguments(Xbyak::CodeGenerator& x, const std::vector<val>& types) {
  auto places = value_places::arguments();
  x.mov(x.r11, at_instance(header_offset::store_context));
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto p = places.next(types[i]);
    if (is_xmm(p.in)) x.movsd(at_instance(std::int64_t(8 * i)), Xbyak::Xmm(int(p.in) - 16));
    else if (p.in != reg::none) x.mov(at_instance(std::int64_t(8 * i)), Xbyak::Reg64(int(p.in)));
    else x.mov(x.rax, overflow_at(x.r11, p.overflow)), x.mov(at_instance(std::int64_t(8 * i)), x.rax);
  }
}
// Loads the results from there; all else but what callers keep is destroyed.
void load_results(Xbyak::CodeGenerator& x, const std::vector<val>& types) {
  auto places = value_places::results();
  x.mov(x.r11, at_instance(header_offset::store_context));
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto p = places.next(types[i]);
    if (is_xmm(p.in)) x.movsd(Xbyak::Xmm(int(p.in) - 16), at_instance(std::int64_t(8 * i)));
    else if (p.in != reg::none) x.mov(Xbyak::Reg64(int(p.in)), at_instance(std::int64_t(8 * i)));
    else x.mov(x.rsi, at_instance(std::int64_t(8 * i))), x.mov(overflow_at(x.r11, p.overflow), x.rsi);
  }
  for (const auto& r : {x.rsi, x.rdi, x.r8, x.r9}) x.mov(r, ~std::uint64_t{0});
}

std::uint64_t as_seen(val t, std::uint64_t bits) { return is_wide(t) ? bits : std::uint32_t(bits); }

std::vector<function_type> random_types(std::size_t count) {
  constexpr val kinds[] = {val::i32, val::i64, val::f32, val::f64, val::funcref, val::externref};
  std::mt19937 random(7);
  std::vector<function_type> types{{}, {{val::i32}, {}}, {{}, {val::f32, val::f32, val::f32}}};
  while (types.size() < count) {
    function_type t;
    for (auto n = random() % 24; n; --n) t.params.push_back(kinds[random() % 6]);
    for (auto n = random() % 24; n; --n) t.results.push_back(kinds[random() % 6]);
    types.push_back(t);
  }
  types.push_back({std::vector<val>(1000, val::i32), std::vector<val>(1000, val::f32)});
  types.push_back({std::vector<val>(1000, val::f64), std::vector<val>(1000, val::i64)});
  return types;
}
std::uint64_t pattern(std::size_t i, std::uint64_t salt) { return (i + 1) * 0x9e3779b97f4a7c15 ^ salt; }

// What a host function saw and what it is to give back.
struct {
  std::vector<std::uint64_t> arguments, results;
  std::uint64_t status = 0;
  host_closure* self = nullptr;
  instance_header* caller = nullptr;
  std::size_t count = 0;
  bool aligned = false;
  std::function<void()> inside;
} seen;

[[gnu::noinline]] bool stack_is_aligned() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) % 16 == 0; }
void clobber() {
  asm volatile("mov $-1, %%r10\n\tmov $-1, %%r11\n\tmov $-1, %%r8\n\tmov $-1, %%r9" ::: "r8", "r9", "r10", "r11", "rcx", "rsi", "xmm0", "xmm2", "xmm9");
}

std::uint64_t host(host_closure* self, std::uint64_t* values, instance_header* caller) {
  seen.aligned = stack_is_aligned();
  seen.self = self, seen.caller = caller;
  seen.arguments.assign(values, values + seen.count);
  if (seen.inside) seen.inside();
  std::copy(seen.results.begin(), seen.results.end(), values);
  clobber();
  return seen.status;
}
closure_block closure_of(program& p) {
  closure_block c;
  p.prepare(c.closure.header);
  c.closure.call = &host;
  seen = {};
  return c;
}

const std::vector<Xbyak::Reg64> kept = {Xbyak::util::rbx, Xbyak::util::rbp, Xbyak::util::r10, Xbyak::util::r11, Xbyak::util::r12, Xbyak::util::r13};

// Around `call`: rbx, rbp and r10 to r13 get values before, and eax tells how many are the same after; the old rax in rcx.
void counts_kept(Xbyak::CodeGenerator& x, auto call) {
  std::uint32_t n = 0;
  for (const auto& r : kept) x.mov(r, 1000 + n++);
  call();
  x.mov(x.rcx, x.rax);
  x.xor_(x.eax, x.eax);
  n = 0;
  for (const auto& r : kept) {
    x.xor_(x.esi, x.esi);
    x.cmp(r, 1000 + n++);
    x.sete(x.sil);
    x.add(x.eax, x.esi);
  }
}

const function_type nothing{{}, {}}, gives_two{{}, {val::i64, val::i64}};

}  // namespace

TEST_CASE("entry thunks carry arguments and results of all types") {
  const auto types = random_types(60);
  program p(types);
  std::vector<const std::uint8_t*> takes, gives;
  for (const auto& t : types) {
    takes.push_back(p.add([&](auto& x) { spill_arguments(x, t.params), x.ret(); }));
    gives.push_back(p.add([&](auto& x) { load_results(x, t.results), x.ret(); }));
  }
  p.seal();
  std::uint64_t values[1001];
  for (std::uint32_t i = 0; i < types.size(); ++i) {
    const auto& t = types[i];
    for (std::size_t k = 0; k < 1001; ++k) values[k] = pattern(k, i);
    for (auto& d : p.first.data) d = ~std::uint64_t{0};
    CHECK(p.run(i, takes[i], values) == 0);
    for (std::size_t k = 0; k < t.params.size(); ++k) CHECK(as_seen(t.params[k], p.first.data[k]) == as_seen(t.params[k], pattern(k, i)));
    for (std::size_t k = 0; k < 1001; ++k) p.first.data[k] = pattern(k, i + 100), values[k] = 0xabcd;
    CHECK(p.run(i, gives[i], values) == 0);
    for (std::size_t k = 0; k < t.results.size(); ++k) CHECK(as_seen(t.results[k], values[k]) == as_seen(t.results[k], pattern(k, i + 100)));
    CHECK(values[t.results.size()] == 0xabcd);
  }
}

TEST_CASE("host adapters carry arguments and results of all types") {
  const auto types = random_types(60);
  program p(types);
  p.seal();
  auto closure = closure_of(p);
  std::uint64_t values[1001];
  for (std::uint32_t i = 0; i < types.size(); ++i) {
    const auto& t = types[i];
    seen.count = t.params.size();
    seen.results.clear();
    for (std::size_t k = 0; k < 1001; ++k) values[k] = pattern(k, i);
    for (std::size_t k = 0; k < t.results.size(); ++k) seen.results.push_back(pattern(k, i + 100));
    REQUIRE(p.entry(i)(values, p.thunk(p.image.host_adapters[i]), closure.pointer(), &p.state) == 0);
    CHECK(seen.self == &closure.closure);
    CHECK(seen.aligned);
    REQUIRE(seen.arguments.size() == t.params.size());
    for (std::size_t k = 0; k < t.params.size(); ++k) CHECK(as_seen(t.params[k], seen.arguments[k]) == as_seen(t.params[k], pattern(k, i)));
    for (std::size_t k = 0; k < t.results.size(); ++k) CHECK(as_seen(t.results[k], values[k]) == as_seen(t.results[k], pattern(k, i + 100)));
    CHECK(p.state.saved_sp == 0x5678);
    CHECK(closure.closure.header.stack_limit == 0x99);
  }
}

TEST_CASE("equal types share thunks, and the bound on their size holds") {
  program p({nothing, gives_two, nothing, gives_two});
  CHECK(p.image.entry_thunks[0] == p.image.entry_thunks[2]);
  CHECK(p.image.host_adapters[1] == p.image.host_adapters[3]);
  CHECK(p.image.entry_thunks[0] != p.image.entry_thunks[1]);
  CHECK(p.image.host_adapters[0] != p.image.host_adapters[1]);
  // Programs check the bound.
  for (const val t : {val::i32, val::i64, val::f32, val::f64})
    for (const std::size_t n : {1u, 5u, 17u, 1000u}) program({{std::vector<val>(n, t), std::vector<val>(n, t)}});
  program({}, plain_vector<table_type>(100, table_type{val::funcref, {3, 3}}));
}

TEST_CASE("the instance register and memory base are set, the stack limit is the context's inside") {
  program p({gives_two});
  const auto* const f = p.add([&](auto& x) {
    x.mov(x.rax, x.r15);
    x.mov(x.rcx, at_instance(header_offset::stack_limit));
    x.ret();
  });
  const auto* const g = p.add([&](auto& x) {
    x.mov(x.rax, x.r14);
    x.mov(x.rcx, at_instance(header_offset::store_context));
    x.mov(x.rcx, x.qword[x.rcx + offsetof(context, saved_sp)]);
    x.sub(x.rcx, x.rsp);
    x.ret();
  });
  p.seal();
  std::uint64_t values[2];
  CHECK(p.run(0, f, values) == 0);
  CHECK(values[0] == std::uint64_t(p.first.header.memory_base));
  CHECK(values[1] == 0x1234);
  CHECK(p.run(0, g, values) == 0);
  CHECK(values[0] == std::uint64_t(p.first.pointer()));
  CHECK(values[1] == 8);  // the return address lies below saved_sp
}

TEST_CASE("entry thunks keep the registers of C++ on every way out") {
  program p({nothing});
  const auto destroy = [&](auto& x) {
    for (const auto& r : kept) x.mov(r, ~std::uint64_t{0});
    x.mov(x.r15, ~std::uint64_t{0});
  };
  const auto* const returns = p.add([&](auto& x) { destroy(x), x.mov(x.r14, ~std::uint64_t{0}), x.ret(); });
  const auto* const traps = p.add([&](auto& x) { destroy(x), x.push(x.rax), x.call(p.thunk(p.at.trap_exits[0])); });
  // Called from C++ like an entry thunk, with that in r8; returns how many registers were kept, and the status above them.
  const auto* const check = p.add([&](auto& x) {
    const std::vector<Xbyak::Reg64> saved = {x.rbx, x.rbp, x.r12, x.r13, x.r14, x.r15};
    for (const auto& r : saved) x.push(r);
    std::uint32_t n = 0;
    for (const auto& r : saved) x.mov(r, 500 + n++);
    x.call(x.r8);
    x.shl(x.rax, 32);
    n = 0;
    for (const auto& r : saved) {
      x.xor_(x.ecx, x.ecx);
      x.cmp(r, 500 + n++);
      x.sete(x.cl);
      x.add(x.rax, x.rcx);
    }
    for (auto r = saved.rbegin(); r != saved.rend(); ++r) x.pop(*r);
    x.ret();
  });
  p.seal();
  using checker = std::uint64_t (*)(std::uint64_t*, const void*, instance_header*, context*, program::entry_function);
  const auto call = reinterpret_cast<checker>(reinterpret_cast<std::uintptr_t>(check));
  CHECK(call(nullptr, returns, p.first.pointer(), &p.state, p.entry(0)) == 6);
  CHECK(call(nullptr, traps, p.first.pointer(), &p.state, p.entry(0)) == (std::uint64_t{1} << 32) + 6);
}

TEST_CASE("trap exits leave through the entry thunk from any depth") {
  program p({nothing});
  std::vector<const std::uint8_t*> functions, sites;
  for (const auto exit : p.at.trap_exits) {
    functions.push_back(p.add([&](auto& x) {
      Xbyak::Label deeper, inner;
      x.mov(x.ecx, 100);
      x.L(deeper);
      x.push(x.rcx);
      x.dec(x.ecx);
      x.jnz(deeper);
      x.call(inner);
      x.ud2();
      x.L(inner);
      x.call(p.thunk(exit));
      sites.push_back(x.getCurr());
      x.ud2();
    }));
  }
  const auto* const fault = p.add([&](auto& x) {
    x.push(x.rcx);
    x.mov(x.eax, 4242);
    x.jmp(p.thunk(p.image.fault_exit));
  });
  p.seal();
  for (std::size_t k = 0; k < functions.size(); ++k) {
    p.state.trap = 0;
    CHECK(p.run(0, functions[k], nullptr) == 1);
    CHECK(p.state.trap == 1 + k);
    CHECK(p.state.trap_site == std::uint64_t(sites[k]));
  }
  CHECK(p.run(0, fault, nullptr) == 1);
  CHECK(p.state.trap == 1 + std::uint64_t(trap_code::memory_out_of_bounds));
  CHECK(p.state.trap_site == 4242);
}

namespace {
struct {
  std::uint64_t a, b, c, d;
  instance_header* self;
  bool aligned;
  std::uint64_t trap;
} runtime_seen;
runtime_result grow(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d, instance_header* self) {
  runtime_seen = {a, b, c, d, self, stack_is_aligned(), runtime_seen.trap};
  clobber();
  return {77, runtime_seen.trap};
}
}  // namespace

TEST_CASE("runtime calls") {
  program p({gives_two});
  std::vector<const std::uint8_t*> functions, sites;
  for (const std::uint32_t pushed : {0u, 8u}) {
    functions.push_back(p.add([&](auto& x) {
      x.sub(x.rsp, pushed);
      counts_kept(x, [&] {
        x.mov(x.rdi, 1), x.mov(x.rsi, 2), x.mov(x.r8, 3), x.mov(x.r9, 4);
        x.mov(x.eax, std::uint32_t(runtime_call::table_grow));
        x.call(p.thunk(p.at.runtime_call));
        sites.push_back(x.getCurr());
      });
      x.add(x.rsp, pushed);
      x.ret();
    }));
  }
  p.functions[int(runtime_call::table_grow)] = &grow;
  p.seal();
  for (std::size_t i = 0; i < 2; ++i) {
    runtime_seen = {};
    std::uint64_t values[2] = {};
    CHECK(p.run(0, functions[i], values) == 0);
    CHECK(values[0] == 6);
    CHECK(values[1] == 77);
    CHECK((runtime_seen.a == 1 && runtime_seen.b == 2 && runtime_seen.c == 3 && runtime_seen.d == 4));
    CHECK(runtime_seen.self == p.first.pointer());
    CHECK(runtime_seen.aligned);
    runtime_seen.trap = 1 + std::uint64_t(trap_code::table_out_of_bounds);
    CHECK(p.run(0, functions[i], values) == 1);
    CHECK(p.state.trap == runtime_seen.trap);
    CHECK(p.state.trap_site == std::uint64_t(sites[i]));
  }
}

TEST_CASE("foreign calls change the instance and put it back, and results pass untouched") {
  const function_type many{{}, {val::i64, val::i64, val::i64, val::f64, val::f64}};
  program p({many, gives_two});
  const auto* const callee = p.add([&](auto& x) {
    x.mov(x.qword[x.r14], x.r14);
    x.mov(x.qword[x.r14 + 8], x.r15);
    x.mov(x.qword[x.r14 + 16], x.rdx);
    x.mov(x.rax, at_instance(header_offset::stack_limit));
    x.mov(x.qword[x.r14 + 24], x.rax);
    x.mov(x.eax, 11), x.mov(x.ecx, 12), x.mov(x.edx, 13);
    x.mov(x.esi, 14), x.movq(x.xmm0, x.rsi);
    x.mov(x.esi, 15), x.movq(x.xmm1, x.rsi);
    x.ret();
  });
  function_record record{0, 0, callee, p.second.pointer(), nullptr};
  const auto* const caller = p.add([&](auto& x) {
    x.mov(x.rcx, std::uint64_t(&record));
    x.call(p.thunk(p.at.foreign_call));
    x.mov(x.qword[x.r14], x.r14);
    x.mov(x.qword[x.r14 + 8], x.r15);
    x.ret();
  });
  p.seal();
  std::uint64_t values[5] = {};
  CHECK(p.run(0, caller, values) == 0);
  for (std::size_t i = 0; i < 5; ++i) CHECK(values[i] == 11 + i);
  CHECK(p.second.data[0] == std::uint64_t(p.second.pointer()));
  CHECK(p.second.data[1] == std::uint64_t(p.second.header.memory_base));
  CHECK(p.second.data[2] == std::uint64_t(p.first.pointer()));
  CHECK(p.second.data[3] == p.state.stack_limit);
  CHECK(p.first.data[0] == std::uint64_t(p.first.pointer()));
  CHECK(p.first.data[1] == std::uint64_t(p.first.header.memory_base));
}

TEST_CASE("table thunks call the reference at the index") {
  program p({gives_two}, {table_type{val::funcref, {2, {}}}, table_type{val::funcref, {3, 3}}, table_type{val::funcref, {5, 5}}});
  CHECK(p.image.table_thunks[0] == 0);
  const auto* const callee = p.add([&](auto& x) {
    x.mov(x.rax, x.r14);
    x.mov(x.rcx, x.rdx);
    x.ret();
  });
  function_record record{0, 0, callee, p.second.pointer(), nullptr};
  const auto* const caller = p.add([&](auto& x) {
    x.mov(x.eax, 4);
    x.call(p.thunk(p.image.table_thunks[2]));
    x.ret();
  });
  p.seal();
  p.first.data[std::size_t(p.image.layout.table_references[2]) / 8 + 4] = std::uint64_t(&record);
  std::uint64_t values[2] = {};
  CHECK(p.run(0, caller, values) == 0);
  CHECK(values[0] == std::uint64_t(p.second.pointer()));
  CHECK(values[1] == std::uint64_t(p.first.pointer()));
}

TEST_CASE("host functions called from compiled code know their caller, keep registers and may trap") {
  program p({gives_two, nothing});
  auto closure = closure_of(p);
  function_record record{1, no_index, p.thunk(p.image.host_adapters[1]), closure.pointer(), nullptr};
  std::vector<const std::uint8_t*> functions, sites;
  for (const std::uint32_t pushed : {0u, 8u}) {
    functions.push_back(p.add([&](auto& x) {
      x.sub(x.rsp, pushed);
      counts_kept(x, [&] {
        x.mov(x.rcx, std::uint64_t(&record));
        x.call(p.thunk(p.at.foreign_call));
        sites.push_back(x.getCurr());
      });
      x.add(x.rsp, pushed);
      x.ret();
    }));
  }
  p.seal();
  for (std::size_t i = 0; i < 2; ++i) {
    seen.status = 0;
    std::uint64_t values[2] = {};
    CHECK(p.run(0, functions[i], values) == 0);
    CHECK(values[0] == 6);
    CHECK(seen.caller == p.first.pointer());
    CHECK(seen.aligned);
    seen.status = 1 + std::uint64_t(trap_code::host);
    CHECK(p.run(0, functions[i], values) == 1);
    CHECK(p.state.trap == seen.status);
    CHECK(p.state.trap_site == std::uint64_t(sites[i]));
  }
  // Called by the host itself there is no site.
  CHECK(p.entry(1)(nullptr, record.code, closure.pointer(), &p.state) == 1);
  CHECK(p.state.trap == seen.status);
  CHECK(p.state.trap_site == 0);
}

TEST_CASE("calls nest: an inner trap does not disturb the outer call, which can trap itself") {
  program p({nothing});
  auto closure = closure_of(p);
  function_record record{0, no_index, p.thunk(p.image.host_adapters[0]), closure.pointer(), nullptr};
  const auto* const inner = p.add([&](auto& x) { x.call(p.thunk(p.at.trap_exits[int(trap_code::integer_overflow)])); });
  const std::uint8_t* site = nullptr;
  const auto* const outer = p.add([&](auto& x) {
    x.mov(x.rcx, std::uint64_t(&record));
    x.call(p.thunk(p.at.foreign_call));
    x.inc(x.qword[x.r14]);
    x.call(p.thunk(p.at.trap_exits[int(trap_code::unreachable)]));
    site = x.getCurr();
  });
  p.seal();
  seen.inside = [&] {
    const auto outer_sp = p.state.saved_sp;
    CHECK(p.entry(0)(nullptr, inner, p.first.pointer(), &p.state) == 1);
    CHECK(p.state.trap == 1 + std::uint64_t(trap_code::integer_overflow));
    CHECK(p.state.saved_sp == outer_sp);
    CHECK(p.first.header.stack_limit == p.state.stack_limit);
  };
  CHECK(p.run(0, outer, nullptr) == 1);
  CHECK(p.first.data[0] == 1);
  CHECK(p.state.trap == 1 + std::uint64_t(trap_code::unreachable));
  CHECK(p.state.trap_site == std::uint64_t(site));
}

TEST_CASE("thunks hold no addresses") {
  program p({{{val::i64}, {val::i64}}});
  const auto offset = p.add([&](auto& x) {
                        x.mov(x.rax, x.rdi);
                        x.ret();
                      }) -
                      p.image.code;
  const auto traps = p.add([&](auto& x) { x.call(p.thunk(p.at.trap_exits[3])); }) - p.image.code;
  p.move_elsewhere();
  p.seal();
  std::uint64_t value = 5;
  CHECK(p.run(0, p.image.code + offset, &value) == 0);
  CHECK(value == 5);
  CHECK(p.run(0, p.image.code + traps, &value) == 1);
  CHECK(p.state.trap == 4);
}
