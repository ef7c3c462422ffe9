#include "lightbeam/core/plain_vector.hpp"
#include <cstdint>
#include <doctest/doctest.h>
#include <numeric>
#include <span>
#include <vector>

using namespace lightbeam;

namespace {

struct entry {
  std::uint64_t key;
  std::uint8_t kind;
};

}  // namespace

TEST_CASE("a plain_vector holds what std::vector holds") {
  plain_vector<std::uint32_t> mine;
  std::vector<std::uint32_t> theirs;
  std::uint32_t random = 1;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 1664525 + 1013904223;
    const std::uint32_t k = random >> 16;
    switch (random >> 8 & 15) {
      case 0: mine.resize(k % 300, k), theirs.resize(k % 300, k); break;
      case 1: mine.reserve(k % 600), theirs.reserve(k % 600); break;
      case 2:
        if (k % 50 == 0) mine.clear(), theirs.clear();
        break;
      case 3:
        if (!mine.empty()) mine.pop_back(), theirs.pop_back();
        break;
      case 4: mine = plain_vector<std::uint32_t>(mine); break;
      default: mine.push_back(k), theirs.push_back(k);
    }
    REQUIRE(mine.size() == theirs.size());
    REQUIRE(mine.empty() == theirs.empty());
    if (!theirs.empty()) REQUIRE(mine.back() == theirs.back());
  }
  CHECK(std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end()));
}

TEST_CASE("an element of the vector itself can be appended when it has to grow") {
  plain_vector<entry> v{{7, 1}};
  for (int i = 0; i < 100; ++i) v.push_back(v[0]);
  CHECK(v.size() == 101);
  for (const entry& e : v) CHECK((e.key == 7 && e.kind == 1));
}

TEST_CASE("new elements are zero, or what is said") {
  plain_vector<std::uint64_t> v{1, 2, 3};
  v.clear();
  v.resize(3);
  CHECK(v == plain_vector<std::uint64_t>(3));
  v.resize(1000, 5);
  CHECK(std::accumulate(v.begin(), v.end(), std::uint64_t{0}) == 997 * 5);
  CHECK(v.emplace_back() == 0);
  v.emplace_back() = 4;
  CHECK(v.back() == 4);
}

TEST_CASE("copies are apart, moves take everything along") {
  plain_vector<std::uint16_t> v{1, 2, 3};
  plain_vector<std::uint16_t> copy = v;
  copy[0] = 9;
  CHECK(v == plain_vector<std::uint16_t>{1, 2, 3});
  CHECK_FALSE(v == copy);
  CHECK_FALSE(v == plain_vector<std::uint16_t>{1, 2});
  const std::uint16_t* const where = v.data();
  plain_vector<std::uint16_t> moved = std::move(v);
  CHECK(moved.data() == where);
  copy = std::move(moved);
  CHECK(copy == plain_vector<std::uint16_t>{1, 2, 3});
  const auto& self = copy;
  copy = self;
  CHECK(copy.size() == 3);
  copy = plain_vector<std::uint16_t>();
  CHECK(copy.empty());
  CHECK(copy == plain_vector<std::uint16_t>());
}

TEST_CASE("a span of it is its elements") {
  const plain_vector<int> v{4, 5};
  const std::span<const int> s = v;
  CHECK((s.size() == 2 && s[1] == 5));
}
