#pragma once

#include "image.hpp"
#include <array>
#include <csignal>
#include <pthread.h>
#include <ucontext.h>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Held by who changes what follows. A std::mutex would bring <chrono> and <system_error>, and take longer to compile than all of this.
class fault_lock {
 public:
  fault_lock() { pthread_mutex_lock(&mutex); }
  fault_lock(const fault_lock&) = delete;
  fault_lock& operator=(const fault_lock&) = delete;
  ~fault_lock() { pthread_mutex_unlock(&mutex); }

 private:
  static inline pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
};

// The machine code whose faults are traps. Read by the signal handler without locks; written under one.
class fault_table {
 public:
  static fault_table& of_process() {
    static fault_table& table = *new fault_table;  // outlives every store, static ones too
    return table;
  }

  fault_table() = default;
  fault_table(const fault_table&) = delete;
  fault_table& operator=(const fault_table&) = delete;
  ~fault_table() {
    for (auto* c = first_.next.load(); c;) delete std::exchange(c, c->next.load());
  }

  void add(const module_image& image) {
    const fault_lock lock;
    for (auto* c = &first_;; c = next_of(*c))
      for (auto& e : c->entries)
        if (e.owner == nullptr || e.owner == &image) return e.put(image);
  }
  void remove(const module_image& image) {
    const fault_lock lock;
    for (auto* c = &first_; c; c = c->next.load())
      for (auto& e : c->entries)
        if (e.owner == &image) return e.drop();
  }
  // Where code that faulted at this address goes on; 0 where the fault is none of ours. Safe in a signal handler.
  std::uintptr_t exit_of(std::uintptr_t address) const {
    for (const auto* c = &first_; c; c = c->next.load())
      for (const auto& e : c->entries)
        if (const auto exit = e.exit_of(address)) return exit;
    return 0;
  }

 private:
  // `version` is odd while the rest is written: a reader that sees it change looks away. It cannot be its own code that
  // changes, since a store that runs keeps its images.
  struct entry {
    atomic<std::uint32_t> version;
    atomic<std::uintptr_t> begin, size, exit;
    const module_image* owner = nullptr;  // this and the count are the writers'
    std::uint32_t count = 0;

    void put(const module_image& image) {
      if (count++ != 0) return;
      owner = &image;
      write(reinterpret_cast<std::uintptr_t>(image.code), image.code_size, reinterpret_cast<std::uintptr_t>(image.code) + image.fault_exit);
    }
    void drop() {
      if (--count != 0) return;
      owner = nullptr;
      write(0, 0, 0);
    }
    void write(std::uintptr_t b, std::uintptr_t s, std::uintptr_t x) {
      version.add(1);
      begin.store(b), size.store(s), exit.store(x);
      version.add(1);
    }
    std::uintptr_t exit_of(std::uintptr_t address) const {
      const auto before = version.load();
      const std::uintptr_t b = begin.load(), s = size.load(), x = exit.load();
      return (before & 1) == 0 && version.load() == before && address - b < s ? x : 0;
    }
  };
  struct chunk {
    std::array<entry, 64> entries;
    atomic<chunk*> next;
  };
  // Chunks live as long as the table: a handler may be reading them.
  static chunk* next_of(chunk& c) {
    if (auto* const n = c.next.load()) return n;
    auto* const made = new chunk;
    c.next.store(made);
    return made;
  }

  chunk first_;
};

// The one piece of process state that guard pages need. Never taken off again, since a handler that was installed later
// may hold on to it.
class fault_handler {
 public:
  // Puts it on top the first time, and again where somebody put the handler before it back (test frameworks do), which
  // would lose it. A handler that stands above it is left there.
  static void install() {
    const fault_lock lock;
    static_cast<void>(fault_table::of_process());  // made before any fault
    struct sigaction now {};
    ::sigaction(SIGSEGV, nullptr, &now);
    static bool installed = false;
    if (installed && !same(now, previous())) return;
    struct sigaction ours {};
    ours.sa_sigaction = &handle;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&ours.sa_mask);
    previous() = now;
    installed = ::sigaction(SIGSEGV, &ours, nullptr) == 0;
  }

 private:
  static struct sigaction& previous() {
    static struct sigaction action {};
    return action;
  }
  static bool same(const struct sigaction& a, const struct sigaction& b) {
    if ((a.sa_flags & SA_SIGINFO) != (b.sa_flags & SA_SIGINFO)) return false;
    return a.sa_flags & SA_SIGINFO ? a.sa_sigaction == b.sa_sigaction : a.sa_handler == b.sa_handler;
  }

  static void handle(int number, siginfo_t* info, void* machine) {
    auto& registers = static_cast<ucontext_t*>(machine)->uc_mcontext.gregs;
    const auto at = std::uintptr_t(registers[REG_RIP]);
    if (info->si_code > 0) {  // raised by the processor, not by kill()
      const auto exit = fault_table::of_process().exit_of(at);
      // Compiled code keeps the base of its memory in r15. Whatever else faults there is no trap of the guest's.
      const auto offset = reinterpret_cast<std::uintptr_t>(info->si_addr) - std::uintptr_t(registers[REG_R15]);
      if (exit != 0 && offset < guarded_bytes) {
        registers[REG_RAX] = greg_t(at + 1);  // as if the instruction were a call that returns into itself
        registers[REG_RIP] = greg_t(exit);
        return;
      }
    }
    pass_on(number, info, machine);
  }

  static void pass_on(int number, siginfo_t* info, void* machine) {
    const struct sigaction before = previous();
    const bool informed = (before.sa_flags & SA_SIGINFO) != 0;
    if (!informed && before.sa_handler == SIG_IGN && info->si_code <= 0) return;
    if (!informed && (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)) return end_process(number, info);
    if (before.sa_flags & int(SA_RESETHAND)) previous() = {};
    // As if the kernel had called it; returning from our handler restores the mask.
    sigset_t blocked = before.sa_mask;
    if (before.sa_flags & SA_NODEFER) {
      sigset_t own;
      sigemptyset(&own), sigaddset(&own, number);
      pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    if (informed) before.sa_sigaction(number, info, machine);
    else before.sa_handler(number);
  }

  // A fault happens again on return and finds the default action; a signal that was sent has to be sent again.
  static void end_process(int number, const siginfo_t* info) {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(number, &standard, nullptr);
    if (info->si_code <= 0) ::raise(number);
  }
};

// Faults in the image's code are traps while one of these exists.
class fault_registration {
 public:
  fault_registration() = default;
  explicit fault_registration(const module_image& image) : image_(&image) {
    fault_handler::install();
    fault_table::of_process().add(image);
  }
  fault_registration(fault_registration&& o) noexcept : image_(std::exchange(o.image_, nullptr)) {}
  fault_registration& operator=(fault_registration&& o) noexcept { return std::swap(image_, o.image_), *this; }
  ~fault_registration() {
    if (image_) fault_table::of_process().remove(*image_);
  }

 private:
  const module_image* image_ = nullptr;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
