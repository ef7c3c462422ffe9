// Bad days: the system refuses memory at any moment, address space is short, stacks are small, processes fork, threads and
// instances are many. Each gives a failure or a trap with a text, nothing leaks, and everything else goes on.

#include "refusing.hpp"
#include "../sequences/module_builder.hpp"
#include "../spec/tally.hpp"
#include <lightbeam/lightbeam.hpp>
#include <lightbeam/validate.hpp>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using lightbeam::trap_code;
using lightbeam::val;
using sequences::code_writer;

struct guarded : lightbeam::default_policy {
  using memory = lightbeam::guard_pages;
};
struct checked : lightbeam::default_policy {
  using memory = lightbeam::bounds_checks;
};

suite::tally all;
void expect(bool good, const char* what, int number = 0) {
  ++(good ? all.passed : all.failed);
  if (!good) std::printf("FAILED %s (%d)\n", what, number);
}

// A memory of at most `maximum` pages, and functions: add(i32) -> i32, load(i32) -> i32, grow(i32) -> i32, deep(i32) -> i32.
std::vector<std::uint8_t> program(std::uint32_t maximum = 8) {
  sequences::module_builder b;
  b.memory(1, maximum);
  const lightbeam::function_type type{{val::i32}, {val::i32}};
  const auto add = [&](const char* name, const code_writer& w) { b.export_as(name, lightbeam::external::function, b.function(type, {}, w)); };
  add("add", code_writer().op("local.get", 0).i32(40).op("i32.add"));
  add("load", code_writer().op("local.get", 0).memory("i32.load", 0));
  add("grow", code_writer().op("local.get", 0).op("memory.grow", 0));
  add("deep", code_writer().op("local.get", 0).op("call", 3).i32(1).op("i32.add"));
  b.export_as("memory", lightbeam::external::memory, 0);
  return b.bytes();
}

using call = lightbeam::func<int(int)>;
struct guest {
  lightbeam::store store;
  lightbeam::instance instance;
  lightbeam::result<int> operator()(const char* name, int x) const { return instance.get<int(int)>(name).value()(x); }
};

// Where something was refused, the failure.
template <class Policy>
lightbeam::result<guest> start(const std::vector<std::uint8_t>& bytes) {
  auto compiled = lightbeam::engine<Policy>().compile(std::span(bytes));
  if (!compiled) return compiled.error();
  lightbeam::store store;
  auto made = lightbeam::linker().instantiate(store, *compiled);
  if (!made) return made.error();
  return guest{std::move(store), *made};
}
template <class T>
bool traps(const lightbeam::result<T>& r, trap_code code) { return !r && r.error().kind() == lightbeam::failure_kind::trap && r.error().code() == code; }

// What a guest must do on a good day.
bool works(const guest& g) {
  return g("add", 2).value() == 42 && g("load", 0).value() == 0 && traps(g("load", 65536 * 8), trap_code::memory_out_of_bounds) &&
         traps(g("deep", 0), trap_code::call_stack_exhausted) && g("add", 3).value() == 43;
}

bool says_why(const lightbeam::failure& f) { return f.kind() == lightbeam::failure_kind::limit && f.text().size() > 20; }
template <class Policy>
void refusals() {
  for (int n = 0;; ++n) {
    const long before = mapped_bytes;
    map_calls = 0, refused_call = n;
    bool whole = false;  // nothing was refused
    {
      const auto g = start<Policy>(program());
      if (g) {
        const auto grown = (*g)("grow", 1);
        whole = map_calls <= n;
        expect(grown && (*grown == 1 || (*grown == -1 && !whole)), "memory.grow gives -1 where the system refuses", n);
        expect(works(*g), "what was made before a refusal works", n);
      } else {
        expect(says_why(g.error()), "a refusal is a failure with a text", n);
      }
    }
    refused_call = -1;
    expect(mapped_bytes == before, "nothing stays mapped", n);
    const auto again = start<Policy>(program());
    expect(again && works(*again), "everything works after a refusal", n);
    if (whole) return expect(n >= 4, "refusals were tried");
  }
}

// The same where operator new is refused.
template <class Policy>
void refused_allocations() {
  const auto bytes = program();
  for (int n = 0;; ++n) {
    const leftovers left;
    bool whole = false;
    {
      const refused_allocation refused(n);
      const auto valid = lightbeam::validate(bytes, lightbeam::feature::wasm2);
      const auto compiled = lightbeam::engine<Policy>().compile(std::span(bytes));
      whole = refused.never_came();
      expect(valid ? whole || !compiled : says_why(valid.error()), "a refused allocation is a failure", n);
      expect(compiled ? whole || !valid : says_why(compiled.error()), "a refused allocation is a failure", n);
    }
    expect(left.none(), "nothing is left of a refused compilation", n);
    if (whole) break;
  }
  expect(news > 20, "refused allocations were tried");
}
template <class Policy>
void refused_streams() {
  const auto bytes = program();
  for (int n = 0;; ++n) {
    const leftovers left;
    bool whole = false;
    {
      const refused_allocation refused(n);
      auto stream = lightbeam::engine<Policy>().stream();
      bool fed = true;
      for (const auto& byte : bytes) fed = bool(stream.feed(std::span(&byte, 1))) && fed;
      const auto compiled = stream.finish();
      whole = refused.never_came();
      expect(bool(compiled) == whole && (fed || !compiled) && !stream.finish(), "a compilation in pieces stays refused", n);
    }
    expect(left.none(), "nothing is left of a refused stream", n);
    if (whole) break;
  }
}
// Imports, tables of both kinds, a memory, a global, segments and a start function.
std::vector<std::uint8_t> everything() {
  sequences::module_builder b;
  const auto f = b.import_function("h", "f", {{val::i64}, {}});
  const auto start = b.function({{}, {}}, {}, code_writer().constant(val::i64, 1).op("call", f));
  const std::uint32_t functions[] = {f, start};
  b.active_elements(b.table(val::funcref, 2, 2), functions);
  b.active_elements(b.table(val::funcref, 2, 20), functions);
  b.memory(1, 2);
  b.global(val::i64, 3);
  b.start(start);
  b.export_as("trap", lightbeam::external::function, b.function({{}, {}}, {}, code_writer().op("unreachable")));
  return b.bytes();
}
// Whether nothing was refused at the n-th call.
bool instantiated(const lightbeam::linker& linker, lightbeam::store& store, const lightbeam::module& m, int n) {
  const auto& object = store.object();
  const auto memory = object.memory_bytes.used, elements = object.table_elements.used;
  const auto [made, whole] = [&] {
    const refused_allocation refused(n);
    auto instance = linker.instantiate(store, m);
    return std::pair(std::move(instance), refused.never_came());
  }();
  expect(whole == bool(made) && (made || says_why(made.error())), "a refused allocation is a failure of instantiation", n);
  expect(made ? object.memory_bytes.used == memory + 65536 && object.table_elements.used == elements + 4 : object.memory_bytes.used == memory && object.table_elements.used == elements,
         "what was refused takes nothing of a store", n);
  return whole;
}
template <class Policy>
void refused_instances() {
  const auto compiled = lightbeam::engine<Policy>().compile(everything());
  lightbeam::linker linker;
  int started = 0;
  linker.bind("h", "f", [&](std::int64_t x) { started += int(x); });
  bool whole = false;
  for (int n = 0; !whole; ++n) {
    const leftovers left;
    {
      lightbeam::store store;
      whole = instantiated(linker, store, *compiled, n);
    }
    expect(left.none(), "nothing is left of a refused instance", n);
  }
  lightbeam::store store;
  whole = false;
  for (int n = 0; !whole; ++n) whole = instantiated(linker, store, *compiled, n);
  expect(started == 2, "start functions run where nothing was refused", started);

  const auto trap = linker.instantiate(store, *compiled).value().template get<void()>("trap").value();
  for (int n = 0; n < 40; ++n) {  // its place is looked for
    const auto trapped = [&] {
      const refused_allocation refused(n);
      return trap();
    }();
    expect(traps(trapped, trap_code::unreachable), "a trap is one where memory is refused", n);
  }
}

// Records of functions are made when something first refers to them: by compiled code, which no exception may cross.
void refused_references() {
  constexpr std::uint32_t count = 64;
  sequences::module_builder b;
  std::vector<std::uint32_t> functions;
  for (std::uint32_t i = 0; i < count; ++i) functions.push_back(b.function({{}, {}}, {}, {}));
  b.export_as("table", lightbeam::external::table, b.table(val::funcref, count, count));
  b.passive_elements(functions);
  b.export_as("init", lightbeam::external::function, b.function({{}, {}}, {}, code_writer().i32(0).i32(0).i32(count).op("table.init", 0, 0)));
  for (const auto f : functions)
    b.export_as(std::to_string(f), lightbeam::external::function, b.function({{}, {val::i32}}, {}, code_writer().op("ref.func", f).op("ref.is_null")));
  const auto compiled = lightbeam::engine<checked>().compile(b.bytes());
  for (const bool all_at_once : {true, false}) {
    lightbeam::store store;
    const auto instance = lightbeam::linker().instantiate(store, *compiled).value();
    const auto table = instance.table("table").value();
    const auto init = instance.get<void()>("init").value();
    std::vector<lightbeam::func<int()>> refer;
    for (const auto f : functions) refer.push_back(instance.get<int()>(std::to_string(f)).value());
    int refused = 0;
    const auto refusing = [&](const auto& f) {
      const auto done = [&] {
        const refused_allocation first(0);
        return f();
      }();
      if (!done) ++refused, expect(says_why(done.error()), "a reference that was refused memory is a failure");
    };
    if (all_at_once) refusing(init);
    for (std::uint32_t i = 0; all_at_once && i < count; ++i) expect(table.at(i).value().is_null(), "a refused table.init writes nothing", int(i));
    for (const auto& r : refer) refusing(r);
    expect(refused > 1, "references were refused");
    bool whole = bool(init());
    for (const auto& r : refer) whole = whole && r().value() == 0;
    for (std::uint32_t i = 0; i < count; ++i) whole = whole && !table.at(i).value().is_null();
    expect(whole, "references can be made later");
  }
}

// In a child; true if it returned 0.
bool in_child(auto f) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) _exit(f() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool limit_address_space(std::size_t more) {
  long pages = 0;
  std::FILE* const f = std::fopen("/proc/self/statm", "r");
  const bool read = f && std::fscanf(f, "%ld", &pages) == 1;
  if (f) std::fclose(f);
  const rlim_t limit = rlim_t(pages) * 4096 + more;
  const rlimit both{limit, limit};
  return read && setrlimit(RLIMIT_AS, &both) == 0;
}
void short_address_space() {
  expect(in_child([] {
           if (!limit_address_space(64 << 20)) return false;
           const auto g = start<guarded>(program());
           return !g && g.error().kind() == lightbeam::failure_kind::limit;
         }), "guard pages without address space are a failure");
  expect(in_child([] {
           if (!limit_address_space(64 << 20)) return false;
           const auto g = start<checked>(program());
           return g && works(*g);
         }), "bounds checks need no more address space than the maximum of a memory");
}

void* on_small_stack(void* unused) {
  const auto a = start<guarded>(program());
  const auto b = start<checked>(program());
  return a && b && works(*a) && works(*b) ? unused : nullptr;
}
void small_stacks() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  expect(pthread_attr_setstacksize(&attributes, 64 << 10) == 0, "a stack of 64 KiB");
  pthread_t thread;
  int token = 0;
  void* result = nullptr;
  expect(pthread_create(&thread, &attributes, on_small_stack, &token) == 0 && pthread_join(thread, &result) == 0 && result == &token, "a thread with a stack of 64 KiB");
  pthread_attr_destroy(&attributes);
}

void many_instances() {
  constexpr int count = 10'000;
  const auto compiled = lightbeam::engine<checked>().compile(std::span<const std::uint8_t>(program())).value();
  lightbeam::store store({.memory_bytes = std::uint64_t{count - 1} * 65536});
  std::vector<call> calls;
  int refused = 0;
  for (int i = 0; i < count; ++i) {
    const auto made = lightbeam::linker().instantiate(store, compiled);
    if (made) calls.push_back(made->get<int(int)>("add").value());
    else refused += made.error().kind() == lightbeam::failure_kind::limit;
  }
  expect(refused == 1 && calls.size() == count - 1, "a store gives as many memories as its limit allows", refused);
  bool good = true;
  for (std::size_t i = 0; i < calls.size(); ++i) good = good && calls[i](int(i)).value() == int(i) + 40;
  expect(good, "10 000 instances");
}

template <class Policy>
void forks() {
  const auto g = start<Policy>(program());
  expect(g && works(*g), "before the fork");
  expect(in_child([&] { return works(*g) && (*g)("grow", 2).value() == 1 && works(*start<Policy>(program())); }), "in the child of a fork");
  expect((*g)("grow", 1).value() == 1 && works(*g), "in its parent");
}

void threads() {
  std::atomic<int> good = 0;
  std::vector<std::thread> running;
  for (int t = 0; t < 8; ++t)
    running.emplace_back([&good, t] {
      for (int i = 0; i < 25; ++i) {
        const auto a = start<guarded>(program());
        const auto b = start<checked>(program());
        if (a && b && works(t % 2 ? *a : *b) && works(t % 2 ? *b : *a)) ++good;
      }
    });
  for (auto& t : running) t.join();
  expect(good == 8 * 25, "8 threads compile and run in stores of their own", good);
}

}  // namespace

int main(int argc, char** argv) {
  const bool only_threads = argc > 1 && std::strcmp(argv[1], "threads") == 0;  // what ThreadSanitizer is to see
  if (!only_threads) {
    refusals<guarded>();
    refusals<checked>();
    refused_allocations<guarded>();
    refused_allocations<checked>();
    refused_streams<guarded>();
    refused_streams<checked>();
    refused_instances<guarded>();
    refused_instances<checked>();
    refused_references();
#ifndef __SANITIZE_ADDRESS__
    short_address_space();
#endif
    small_stacks();
    many_instances();
    forks<guarded>();
    forks<checked>();
  }
  threads();
  return print_total(all);
}
