#include <doctest/doctest.h>
#include "sandbox_guest.hpp"

using namespace tests;
using enum lightbeam::wasi_preview1::error_number;

TEST_CASE("arguments and environment") {
  sandbox_guest g;
  CHECK(args_sizes_get(g.state, g.memory, 0, 4) == success);
  CHECK(g.load(0) == 2);
  CHECK(g.load(4) == 7);
  CHECK(args_get(g.state, g.memory, 0, 100) == success);
  CHECK(g.load(4) == 105);
  CHECK(g.get(100, 7) == std::string("prog\0x\0", 7));
  CHECK(environ_sizes_get(g.state, g.memory, 0, 4) == success);
  CHECK(environ_get(g.state, g.memory, 0, 100) == success);
  CHECK(g.get(100, 7) == std::string("HOME=/\0", 7));
  CHECK(args_get(g.state, g.memory, 65530, 100) == fault);
  CHECK(args_get(g.state, g.memory, 0, 65533) == fault);
  CHECK(args_get(g.state, g.memory, 0, 0xfffffffe) == fault);
}

TEST_CASE("arguments that do not fit wholly write nothing") {
  sandbox_guest g;
  const auto before = g.bytes;
  CHECK(args_get(g.state, g.memory, 0, 65530) == fault);  // the first would fit
  CHECK(args_get(g.state, g.memory, 65532, 100) == fault);
  CHECK(args_sizes_get(g.state, g.memory, 0, 65533) == fault);
  CHECK(args_sizes_get(g.state, g.memory, 65533, 0) == fault);
  CHECK(g.bytes == before);
}

TEST_CASE("clocks and random bytes") {
  sandbox_guest g;
  for (std::uint32_t clock = 0; clock < 4; ++clock) {
    CHECK(clock_res_get(g.state, g.memory, clock, 0) == success);
    CHECK(g.load<std::uint64_t>(0) > 0);
    CHECK(clock_time_get(g.state, g.memory, clock, 1, 8) == success);
    CHECK(g.load<std::uint64_t>(8) > 0);
  }
  CHECK(clock_time_get(g.state, g.memory, 4, 1, 8) == inval);
  CHECK(clock_time_get(g.state, g.memory, 0, 1, 65529) == fault);
  CHECK(random_get(g.state, g.memory, g.data_at, 1000) == success);
  CHECK(g.get(g.data_at, 1000) != std::string(1000, '\0'));
  CHECK(g.get(g.data_at, 500) != g.get(g.data_at + 500, 500));
  CHECK(random_get(g.state, g.memory, 65000, 1000) == fault);
  CHECK(random_get(g.state, g.memory, 65536, 0) == success);
  CHECK(sched_yield(g.state, g.memory) == success);
}

TEST_CASE("polling waits for clocks and descriptors") {
  sandbox_guest g;
  const guest_subscription clock{.user_data = 7, .tag = 0, .clock_or_fd = 1, .timeout = 20'000'000, .precision = 0, .flags = 0};
  CHECK(g.memory.store(0, clock) == success);
  timespec before{}, after{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  CHECK(poll_oneoff(g.state, g.memory, 0, 1000, 1, 2000) == success);
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  CHECK(nanoseconds(after) - nanoseconds(before) >= 20'000'000);
  CHECK(g.load(2000) == 1);
  CHECK(g.load<guest_event>(1000).user_data == 7);
  CHECK(g.load<guest_event>(1000).error == success);

  std::vector<std::byte> large(8 << 20);
  CHECK(poll_oneoff(g.state, guest_memory{large}, 0, 4 << 20, 65537, 2000) == inval);

  // A point in time that has passed, a file that is always ready, a descriptor that is not there.
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  host_fd reading(ends[0]), writing(ends[1]);
  const auto in = *g.state.descriptors.add([&] {
    auto d = standard_stream(*reading, true);
    return d;
  }());
  const auto subscription = [](std::uint64_t user, std::uint8_t tag, std::uint32_t fd) {
    return guest_subscription{.user_data = user, .tag = tag, .clock_or_fd = fd, .timeout = 0, .precision = 0, .flags = 0};
  };
  auto past = clock;
  past.flags = 1, past.timeout = 1;
  CHECK(g.memory.store(0, past) == success);
  CHECK(g.memory.store(48, subscription(8, 1, in)) == success);
  CHECK(g.memory.store(96, subscription(9, 1, 50)) == success);
  CHECK(poll_oneoff(g.state, g.memory, 0, 1000, 3, 2000) == success);
  CHECK(g.load(2000) == 2);
  CHECK(g.load<guest_event>(1000).error == badf);
  CHECK(g.load<guest_event>(1032).user_data == 7);

  REQUIRE(::write(*writing, "abc", 3) == 3);
  CHECK(g.memory.store(0, clock) == success);
  CHECK(poll_oneoff(g.state, g.memory, 0, 1000, 2, 2000) == success);
  CHECK(g.load(2000) == 1);
  CHECK(g.load<guest_event>(1000).user_data == 8);
  CHECK(g.load<guest_event>(1000).bytes == 3);
  CHECK(g.load<guest_event>(1000).type == 1);

  CHECK(poll_oneoff(g.state, g.memory, 0, 1000, 0, 2000) == inval);
  CHECK(poll_oneoff(g.state, g.memory, 0, 1000, 0xffffffff, 2000) == fault);
}
