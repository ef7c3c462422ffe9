// Bytes as calls of WASI, with pointers, lengths, descriptors and paths at the edges, by a guest with one page of memory and one
// folder. Nothing may be read or written outside of that memory, nor reached outside of that folder, and no descriptor may leak.

#include "../wasi/temporary_folder.hpp"
#include <fuzzer/FuzzedDataProvider.h>
#include <lightbeam/wasi.hpp>
#include <csignal>
#include <cstdio>
#include <sys/resource.h>
#include <tuple>

namespace {

using namespace lightbeam::wasi_preview1;
namespace fs = std::filesystem;

constexpr std::uint32_t page = 65536, edges[] = {0, 1, 4, 8, 24, 48, 64, 255, 4096, page - 64, page - 8, page - 4, page - 1, page, page + 1, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
constexpr const char* paths[] = {"hello.txt", "sub", "sub/inner.txt", "sub/deep", "new", "new2", ".", "..", "", "/", "/etc/passwd", "../secret", "sub/../hello.txt", "sub/../../secret",
                                 "out", "above", "above/secret", "absolute", "circle", "new/", "hello.txt/", "sub//deep/.", "new/../../secret"};

class guest {
 public:
  guest(const tests::temporary_folder& host, FuzzedDataProvider& in)
      : in_(in), state_{.arguments = {"prog", "x"}, .environment = {"HOME=/"}, .descriptors = descriptor_table(16), .files = sandbox(in.ConsumeBool())}, host_(host) {
    for (int fd = 0; fd < 3; ++fd) state_.descriptors.add(standard_stream(null_device(), fd == 0));
    state_.descriptors.add(*open_preopened("/", (host.path / "given").string()));
  }

  static int null_device() {
    static const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    return fd;
  }

  void run() {
    for (int steps = 0; in_.remaining_bytes() > 0 && steps < 100; ++steps) {
      if (in_.ConsumeIntegralInRange(0, 3) == 0) poke();
      else make_call();
    }
    require_inside();
  }

  template <auto Call>
  void call() {
    call_with(Call);
  }

 private:
  guest_memory memory() { return guest_memory(bytes_); }

  void argument(std::uint32_t& to) {
    switch (in_.ConsumeIntegralInRange(0, 6)) {
      case 0: to = in_.ConsumeIntegralInRange<std::uint32_t>(0, 17); return;
      case 1: to = poked_at_; return;
      case 2: to = poked_; return;
      case 3: to = 1u << in_.ConsumeIntegralInRange(0, 31); return;
      case 4: to = in_.ConsumeIntegral<std::uint32_t>(); return;
      case 5: to = in_.ConsumeIntegral<std::uint16_t>(); return;
      default: to = in_.PickValueInArray(edges);
    }
  }
  void argument(std::uint64_t& to) {
    switch (in_.ConsumeIntegralInRange(0, 3)) {
      case 0: to = ~std::uint64_t{0} >> in_.ConsumeIntegralInRange(0, 63); return;
      case 1: to = in_.ConsumeIntegral<std::uint8_t>(); return;
      case 2: to = right::all & ~(std::uint64_t{1} << in_.ConsumeIntegralInRange(0, 31)); return;
      default: to = in_.ConsumeIntegral<std::uint64_t>();
    }
  }
  void argument(std::int64_t& to) {
    std::uint64_t bits = 0;
    argument(bits);
    to = std::int64_t(bits);
  }

  // A path, a list of buffers, or any bytes, where the next calls may look.
  void poke() {
    std::string text;
    if (in_.ConsumeBool()) text = in_.PickValueInArray(paths);
    else if (in_.ConsumeBool()) text = in_.ConsumeBytesAsString(in_.ConsumeIntegralInRange<std::size_t>(0, 96));
    else
      for (std::uint32_t words[2]; text.size() < 32; text.append(reinterpret_cast<const char*>(words), sizeof words)) argument(words[0]), argument(words[1]);
    const std::uint32_t at = in_.ConsumeBool() ? std::uint32_t(page - text.size()) : in_.ConsumeIntegral<std::uint16_t>();
    const auto to = memory().slice(at, text.size());
    if (!to) return;
    if (!text.empty()) std::memcpy(to->data(), text.data(), text.size());
    poked_at_ = at, poked_ = std::uint32_t(text.size());
  }
  void make_call();

  template <class... A>
  void call_with(error_number (*call)(wasi_state&, guest_memory, A...)) {
    std::tuple<A...> a{};
    std::apply([this](auto&... each) { (this->argument(each), ...); }, a);
    if constexpr (std::is_same_v<std::tuple<A...>, std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>>)
      if (call == poll_oneoff) hurry(std::get<0>(a), std::get<2>(a));
    std::apply([&](auto... each) { call(state_, memory(), each...); }, a);
  }
  // Clocks that a guest waits for pass at once.
  void hurry(std::uint32_t in, std::uint32_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      auto s = memory().load<guest_subscription>(in + i * sizeof(guest_subscription));
      if (!s) return;
      s->timeout %= 1000, s->flags = 0;
      memory().store(in + i * sizeof *s, *s);
    }
  }

  // What is open is the null device or below the folder.
  void require_inside() {
    const std::string root = fs::canonical(host_.path / "given").string();
    for (std::uint32_t fd = 0; fd < 16; ++fd) {
      descriptor* d = nullptr;
      if (state_.descriptors.find(fd, 0, d) != error_number::success || !d->owned) continue;
      const auto target = fs::read_symlink("/proc/self/fd/" + std::to_string(d->host())).string();
      if (target.starts_with(root)) continue;
      std::fprintf(stderr, "descriptor %u is %s\n", fd, target.c_str());
      std::abort();
    }
  }

  FuzzedDataProvider& in_;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(page);
  wasi_state state_;
  const tests::temporary_folder& host_;
  std::uint32_t poked_at_ = 0, poked_ = 0;
};

void guest::make_call() {
  static constexpr void (guest::*calls[])() = {
      &guest::call<args_get>, &guest::call<args_sizes_get>, &guest::call<environ_get>, &guest::call<environ_sizes_get>, &guest::call<clock_res_get>, &guest::call<clock_time_get>,
      &guest::call<random_get>, &guest::call<lightbeam::wasi_preview1::sched_yield>, &guest::call<poll_oneoff>, &guest::call<fd_advise>, &guest::call<fd_allocate>, &guest::call<fd_close>,
      &guest::call<fd_datasync>, &guest::call<fd_fdstat_get>, &guest::call<fd_fdstat_set_flags>, &guest::call<fd_fdstat_set_rights>, &guest::call<fd_filestat_get>,
      &guest::call<fd_filestat_set_size>, &guest::call<fd_filestat_set_times>, &guest::call<fd_pread>, &guest::call<fd_prestat_get>, &guest::call<fd_prestat_dir_name>, &guest::call<fd_pwrite>,
      &guest::call<fd_read>, &guest::call<fd_readdir>, &guest::call<fd_renumber>, &guest::call<fd_seek>, &guest::call<fd_sync>, &guest::call<fd_tell>, &guest::call<fd_write>,
      &guest::call<path_create_directory>, &guest::call<path_filestat_get>, &guest::call<path_filestat_set_times>, &guest::call<path_link>, &guest::call<path_open>, &guest::call<path_readlink>,
      &guest::call<path_remove_directory>, &guest::call<path_rename>, &guest::call<path_symlink>, &guest::call<path_unlink_file>};
  (this->*calls[in_.ConsumeIntegralInRange<std::size_t>(0, std::size(calls) - 1)])();
}

// The number that the next descriptor gets: the same before and after where none leaked.
int next_descriptor() {
  const int fd = ::dup(0);
  ::close(fd);
  return fd;
}

void require_untouched(const tests::temporary_folder& host) {
  std::size_t entries = 0;
  for (const auto& e : fs::directory_iterator(host.path)) entries += !e.path().empty();
  if (entries == 2 && host.read("secret") == "secret") return;
  std::fputs("the folder around the guest's has changed\n", stderr);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit files{1 << 20, 1 << 20};  // a guest may ask for exabytes
  return ::setrlimit(RLIMIT_FSIZE, &files);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tests::temporary_folder host;
  fs::create_symlink("../secret", host.path / "given/out");
  fs::create_symlink("..", host.path / "given/above");
  fs::create_symlink("/etc/passwd", host.path / "given/absolute");
  fs::create_symlink("circle", host.path / "given/circle");
  FuzzedDataProvider in(data, size);
  guest::null_device();
  const int before = next_descriptor();
  guest(host, in).run();
  if (next_descriptor() != before) {
    std::fputs("a descriptor has leaked\n", stderr);
    std::abort();
  }
  require_untouched(host);
  return 0;
}
