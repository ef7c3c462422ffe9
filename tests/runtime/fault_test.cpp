#include "modules.hpp"
#include <csetjmp>
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>

using namespace modules;
using lightbeam::trap_code;

namespace {
const char* const loads = R"((module (memory 1)
  (func (export "f") (param i32) (result i32) (i32.add (i32.const 1) (i32.load offset=4 (local.get 0))))))";

// A page that nobody may touch.
volatile char* forbidden() {
  static void* const page = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  return static_cast<volatile char*>(page);
}

struct fake_image final : lightbeam::module_image {
  explicit fake_image(std::uintptr_t at) {
    code = reinterpret_cast<const std::uint8_t*>(at);
    code_size = 16;
    fault_exit = 8;
  }
  lightbeam::code_site locate(const void*) const override { return {}; }
};
}  // namespace

TEST_CASE("a fault is a trap at its operator, on every thread, as often as it happens") {
  const world w(loads, {}, memory_kind::guard_pages);
  for (int k = 0; k < 3; ++k) {
    const auto r = w.call<int(int)>("f", 65536 - 4);
    REQUIRE(traps(r, trap_code::memory_out_of_bounds));
    CHECK(r.error().function() == 0);
    REQUIRE(r.error().offset() < w.code.info().bytes.size());
    CHECK(w.code.info().bytes[r.error().offset()] == 0x28);
    CHECK(w.call<int(int)>("f", 0).value() == 1);
  }
  bool trapped = false;
  std::thread([&] { trapped = traps(w.call<int(int)>("f", -1), trap_code::memory_out_of_bounds); }).join();
  CHECK(trapped);
}

TEST_CASE("a fault in a call from a host function ends the inner call only") {
  lightbeam::linker linker;
  lightbeam::instance* self = nullptr;
  linker.bind("h", "f", [&](int x) { return self->get<int(int)>("load").value()(x) ? 1 : 0; });
  world w(R"((module (import "h" "f" (func $f (param i32) (result i32))) (memory 1)
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "f") (param i32) (result i32) (call $f (local.get 0)))))", linker, memory_kind::guard_pages);
  self = &w.instance;
  CHECK(w.call<int(int)>("f", 0).value() == 1);
  CHECK(w.call<int(int)>("f", 65536).value() == 0);
}

TEST_CASE("faults stay traps while any store has the module") {
  const auto m = from_text(loads, memory_kind::guard_pages);
  lightbeam::store a;
  const auto f = lightbeam::linker().instantiate(a, m).value().get<int(int)>("f").value();
  {
    lightbeam::store b;
    const auto g = lightbeam::linker().instantiate(b, m).value().get<int(int)>("f").value();
    CHECK(traps(g(-1), trap_code::memory_out_of_bounds));
  }
  CHECK(traps(f(-1), trap_code::memory_out_of_bounds));
}

TEST_CASE("the table of code ranges") {
  auto table = std::make_unique<lightbeam::fault_table>();
  std::vector<fake_image*> images;
  for (std::uintptr_t i = 0; i < 100; ++i) {  // more than a chunk has
    images.push_back(new fake_image(0x1000 + 16 * i));
    images.back()->retain();
    table->add(*images.back());
  }
  CHECK(table->exit_of(0xfff) == 0);
  for (std::uintptr_t i = 0; i < 1600; ++i) CHECK(table->exit_of(0x1000 + i) == 0x1000 + (i & ~std::uintptr_t{15}) + 8);
  CHECK(table->exit_of(0x1000 + 1600) == 0);
  table->add(*images[3]);
  table->remove(*images[3]);
  CHECK(table->exit_of(0x1000 + 16 * 3) != 0);
  for (auto* const i : images) table->remove(*i), i->release();
  for (std::uintptr_t i = 0; i < 1600; i += 16) CHECK(table->exit_of(0x1000 + i) == 0);
}

namespace {
sigjmp_buf back;
const void* touched = nullptr;
bool blocked = false;

void jump_back(int number, siginfo_t* info, void*) {
  sigset_t now;
  sigemptyset(&now);
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  blocked = sigismember(&now, SIGUSR1) == 1 && sigismember(&now, number) == 1;
  touched = info->si_addr;
  siglongjmp(back, 1);
}
}  // namespace

// Run by the next test case: a process has one handler before ours only.
TEST_CASE("child: the handler before ours" * doctest::skip()) {
  struct sigaction first {};
  first.sa_sigaction = &jump_back;
  first.sa_flags = SA_SIGINFO;
  sigaddset(&first.sa_mask, SIGUSR1);
  REQUIRE(sigaction(SIGSEGV, &first, nullptr) == 0);
  const world w(loads, {}, memory_kind::guard_pages);
  CHECK(traps(w.call<int(int)>("f", -1), trap_code::memory_out_of_bounds));
  if (sigsetjmp(back, 1) == 0) *forbidden() = 1;
  CHECK(touched == const_cast<char*>(forbidden()));
  CHECK(blocked);
  touched = nullptr, blocked = false;
  volatile bool returned = false;
  if (sigsetjmp(back, 1) == 0) {
    raise(SIGSEGV);
    returned = true;
  }
  CHECK_FALSE(returned);
  CHECK(blocked);
  CHECK(traps(w.call<int(int)>("f", -1), trap_code::memory_out_of_bounds));
}

namespace {
struct sigaction below {};
volatile int passed_on = 0;

void pass_on(int number, siginfo_t* info, void* machine) {
  if (info->si_addr == const_cast<char*>(forbidden())) return jump_back(number, info, machine);
  passed_on = passed_on + 1;
  below.sa_sigaction(number, info, machine);
}
}  // namespace

TEST_CASE("child: a handler above ours" * doctest::skip()) {
  const world w(loads, {}, memory_kind::guard_pages);
  struct sigaction later {};
  later.sa_sigaction = &pass_on;
  later.sa_flags = SA_SIGINFO | SA_ONSTACK;
  REQUIRE(sigaction(SIGSEGV, &later, &below) == 0);
  CHECK(traps(w.call<int(int)>("f", -1), trap_code::memory_out_of_bounds));
  const world again(loads, {}, memory_kind::guard_pages);  // leaves it where it is
  CHECK(traps(again.call<int(int)>("f", -1), trap_code::memory_out_of_bounds));
  CHECK(passed_on == 2);
  if (sigsetjmp(back, 1) == 0) *forbidden() = 1;
  CHECK(touched == const_cast<char*>(forbidden()));
  CHECK(passed_on == 2);
  CHECK(w.call<int(int)>("f", 0).value() == 1);
}

// Each catches what it touched itself, and the guest goes on.
TEST_CASE("child: a host function faults" * doctest::skip()) {
  struct sigaction first {};
  first.sa_sigaction = &jump_back;
  first.sa_flags = SA_SIGINFO;
  REQUIRE(sigaction(SIGSEGV, &first, nullptr) == 0);
  for (const auto kind : {memory_kind::guard_pages, memory_kind::bounds_checks}) {
    lightbeam::linker linker;
    linker.bind("h", "f", [](int x) {
      touched = nullptr;
      if (sigsetjmp(back, 1) == 0) *forbidden() = 1;
      return touched == const_cast<char*>(forbidden()) ? x + 1 : 0;
    });
    const world w(R"((module (import "h" "f" (func $f (param i32) (result i32))) (memory 1)
      (func (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.load (call $f (local.get 0)))))))", linker, kind);
    CHECK(w.call<int(int)>("f", 6).value() == 7);
    CHECK(traps(w.call<int(int)>("f", 65536), trap_code::memory_out_of_bounds));
  }
}

TEST_CASE("child: an older handler is put back" * doctest::skip()) {
  const auto m = from_text(loads, memory_kind::guard_pages);
  struct sigaction before {};
  REQUIRE(sigaction(SIGSEGV, nullptr, &before) == 0);
  for (int k = 0; k < 2; ++k) {
    lightbeam::store store;
    const auto f = lightbeam::linker().instantiate(store, m).value().get<int(int)>("f").value();
    CHECK(traps(f(-1), trap_code::memory_out_of_bounds));
    REQUIRE(sigaction(SIGSEGV, &before, nullptr) == 0);
  }
}

namespace {
// The status of a process that runs one test case.
int run_alone(const char* name) {
  const std::string filter = std::string("--test-case=") + name;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::execl("/proc/self/exe", "test", "--no-skip", filter.c_str(), static_cast<char*>(nullptr));
    ::_exit(99);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}
}  // namespace

TEST_CASE("faults and signals that are not ours go to the handler before") {
  CHECK(run_alone("child: the handler before ours") == 0);
}

TEST_CASE("faults that are ours come through a handler above, others stay with it") { CHECK(run_alone("child: a handler above ours") == 0); }
TEST_CASE("a fault in a host function is the host's") { CHECK(run_alone("child: a host function faults") == 0); }

TEST_CASE("where nobody handles them they end the process") {
  const world w(loads, {}, memory_kind::guard_pages);
  for (const bool sent : {false, true}) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const int nowhere = ::open("/dev/null", O_WRONLY);  // sanitizers and doctest have handlers that report
      ::dup2(nowhere, 1), ::dup2(nowhere, 2);
      if (sent) ::raise(SIGSEGV);
      else *forbidden() = 1;
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status != 0);
    if (WIFSIGNALED(status)) CHECK(WTERMSIG(status) == SIGSEGV);
  }
}

TEST_CASE("the handler comes back where an older one was put back") { CHECK(run_alone("child: an older handler is put back") == 0); }
