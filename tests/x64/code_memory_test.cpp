#include <lightbeam/x64/assembler.hpp>
#include <lightbeam/x64/code_memory.hpp>

#include <doctest/doctest.h>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/resource.h>
#include <vector>

using namespace lightbeam;

namespace {

struct mapping {
  std::uintptr_t first, last;
  std::string access;
};
std::vector<mapping> mappings() {
  std::vector<mapping> all;
  std::FILE* const maps = std::fopen("/proc/self/maps", "r");
  REQUIRE(maps);
  char line[512], access[5];
  std::uintptr_t first, last;
  while (std::fgets(line, sizeof line, maps)) {
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &first, &last, access) == 3) all.push_back({first, last, access});
  }
  std::fclose(maps);
  return all;
}
// The access rights at an address, "" where nothing is mapped.
std::string access_at(const std::uint8_t* p) {
  for (const mapping& m : mappings()) {
    if (reinterpret_cast<std::uintptr_t>(p) >= m.first && reinterpret_cast<std::uintptr_t>(p) < m.last) return m.access;
  }
  return {};
}
bool some_page_is_writable_and_executable() {
  for (const mapping& m : mappings()) {
    if (m.access[1] == 'w' && m.access[2] == 'x') return true;
  }
  return false;
}
constexpr std::size_t mib = std::size_t{1} << 20;

}  // namespace

TEST_CASE("code is written, then sealed, then run; no page is ever writable and executable") {
  for (const std::size_t expected : {std::size_t{0}, 4 * mib}) {
    auto memory = code_memory::reserve(512 * mib, expected);
    REQUIRE(memory);
    code_memory& code = *memory;
    CHECK(code.size() == 512 * mib);
    CHECK(access_at(code.data()) == "---p");
    CHECK(access_at(code.data() + code.size() - 1) == "---p");
    if (expected) CHECK(reinterpret_cast<std::uintptr_t>(code.data()) % (2 * mib) == 0);
    CHECK_FALSE(some_page_is_writable_and_executable());

    REQUIRE(code.commit(9 * mib));
    CHECK(access_at(code.data()) == "rw-p");
    CHECK(access_at(code.data() + 9 * mib - 1) == "rw-p");
    CHECK(access_at(code.data() + code.size() - 1) == "---p");
    CHECK_FALSE(some_page_is_writable_and_executable());

    const std::size_t at = 5 * mib + 100;
    fast_assembler a{code.data() + at};
    a.mov(width::w32, reg::ax, std::uint64_t{1234567});
    a.ret();
    const auto used = std::size_t(a.out - code.data());
    const std::uint8_t* const begin = code.data();
    REQUIRE(code.seal(used));
    CHECK(code.data() == begin);
    CHECK(code.size() == (used + 4095) / 4096 * 4096);
    CHECK(access_at(code.data()) == "r-xp");
    CHECK(access_at(code.data() + used - 1) == "r-xp");
    CHECK(access_at(code.data() + code.size()) != "rw-p");
    CHECK(access_at(code.data() + 9 * mib - 1) == "");
    CHECK_FALSE(some_page_is_writable_and_executable());

    int (*function)();
    const std::uint8_t* const entry = code.data() + at;
    std::memcpy(&function, &entry, sizeof entry);
    CHECK(function() == 1234567);
  }
}

TEST_CASE("committing in steps keeps what was written") {
  auto code = code_memory::reserve(64 * mib).value();
  for (std::size_t upto = 1; upto <= 64 * mib; upto += 3 * mib) {
    REQUIRE(code.commit(upto));
    code.data()[upto - 1] = std::uint8_t(upto >> 20);
  }
  REQUIRE(code.commit(64 * mib));
  REQUIRE(code.commit(0));
  REQUIRE(code.seal(64 * mib));
  for (std::size_t upto = 1; upto <= 64 * mib; upto += 3 * mib) CHECK(code.data()[upto - 1] == std::uint8_t(upto >> 20));
}

TEST_CASE("memory is unmapped with its owner") {
  const std::uint8_t *first, *second;
  {
    auto a = code_memory::reserve(1 * mib).value();
    first = a.data();
    code_memory b = std::move(a);
    CHECK(a.data() == nullptr);
    CHECK(a.size() == 0);
    CHECK(b.data() == first);
    CHECK(access_at(first) == "---p");
    auto c = code_memory::reserve(1 * mib).value();
    second = c.data();
    c = std::move(b);
    CHECK(c.data() == first);
    CHECK(access_at(second) == "");
    code_memory& same = c;
    c = std::move(same);
    CHECK(c.data() == first);
    CHECK(access_at(first) == "---p");
  }
  CHECK(access_at(first) == "");
}

TEST_CASE("code that is empty has no memory") {
  auto code = code_memory::reserve(0).value();
  CHECK(code.size() > 0);
  const std::uint8_t* const at = code.data();
  REQUIRE(code.commit(code.size()));
  REQUIRE(code.seal(0));
  CHECK(code.size() == 0);
  CHECK(code.data() == nullptr);
  CHECK(access_at(at) == "");
}

TEST_CASE("refusals are failures with words") {
  const auto limit = [](const auto& r, const char* words) {
    REQUIRE_FALSE(r);
    CHECK(r.error().kind() == failure_kind::limit);
    CHECK(std::string(r.error().what()).find(words) != std::string::npos);
  };
  for (const std::size_t expected : {std::size_t{0}, 4 * mib}) {
    limit(code_memory::reserve(~std::size_t{0}, expected), "exceeds the address space");
    limit(code_memory::reserve(std::size_t{1} << 47, expected), "refused address space");
  }
  auto code = code_memory::reserve(16 * mib).value();
  limit(code.commit(16 * mib + 1), "outgrows");
  limit(code.seal(1), "only what is committed");
  // The kernel counts private writable pages against RLIMIT_DATA, and takes a limit of 0 for none.
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_DATA, &before) == 0);
  const rlimit one_page{4096, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_DATA, &one_page) == 0);
  const auto refused = code.commit(1);
  REQUIRE(setrlimit(RLIMIT_DATA, &before) == 0);
  limit(refused, "refused memory");
  CHECK(access_at(code.data()) == "---p");
  REQUIRE(code.commit(1));

  munmap(code.data(), 4096);  // so that the system refuses to change its protection
  limit(code.seal(1), "refused to make machine code executable");
  CHECK(code.size() == 16 * mib);

  auto sealed = code_memory::reserve(1 * mib).value();
  REQUIRE(sealed.commit(10));
  REQUIRE(sealed.seal(10));
  limit(sealed.commit(1), "sealed");
  limit(sealed.commit(0), "sealed");
  limit(sealed.seal(0), "once");
  CHECK(access_at(sealed.data()) == "r-xp");
}
