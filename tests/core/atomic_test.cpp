#include "lightbeam/core/atomic.hpp"
#include <cstdint>
#include <doctest/doctest.h>
#include <thread>

using namespace lightbeam;

TEST_CASE("threads that add to an atomic lose nothing") {
  atomic<std::int32_t> sum;
  constexpr std::int32_t times = 100'000;
  const auto add = [&](std::int32_t n) { return std::thread([&sum, n] { for (std::int32_t i = 0; i < times; ++i) sum.add(n); }); };
  auto up = add(3), down = add(-2);
  up.join(), down.join();
  CHECK(sum.load() == times);
  CHECK(sum.add(-times) == 0);
}

TEST_CASE("who loads what was stored in an atomic sees what was written before") {
  std::uint32_t written = 0, wrong = 0;
  atomic<std::uint32_t> ready;
  std::thread reader([&] {
    for (std::uint32_t turn = 1; turn <= 1000; ++turn) {
      while (ready.load() < 2 * turn - 1) std::this_thread::yield();
      wrong += written != turn;
      ready.store(2 * turn);
    }
  });
  for (std::uint32_t turn = 1; turn <= 1000; ++turn) {
    written = turn;
    ready.store(2 * turn - 1);
    while (ready.load() < 2 * turn) std::this_thread::yield();
  }
  reader.join();
  CHECK(wrong == 0);
}
