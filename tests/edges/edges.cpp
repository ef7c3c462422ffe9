// Every operator that reaches a memory or a table, at the edges: it traps exactly when the specification says so, and what traps
// changes nothing. And every operator of two numbers with constants.

#include "access_edges.hpp"
#include "constant_edges.hpp"
#include "memory_edges.hpp"
#include "table_edges.hpp"

namespace {

constexpr const char* help = R"(edges [--policy NAME] [--cpu v1|detected]
Loads, stores, bulk operators and table operators with addresses, offsets and lengths at every edge; operators of two numbers with constants.
  --policy NAME  a policy of examples/policies (guard_pages if not said)
  --cpu LEVEL    the highest instructions that compiled code may use
)";

}  // namespace

int main(int argc, char** argv) {
  std::string_view policy = "guard_pages";
  std::optional<lightbeam::cpu_level> cpu;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view a = argv[i], next = i + 1 < argc ? argv[i + 1] : "";
    if (a == "--policy") policy = next;
    else if (a == "--cpu" && next == "v1") cpu = lightbeam::cpu_level::v1;
    else if (a != "--cpu" || next != "detected") return std::fputs(help, a == "--help" ? stdout : stderr), a == "--help" ? 0 : 2;
  }
  const auto engine = policies::make_engine(policy, cpu);
  if (!engine) return std::fprintf(stderr, "no policy is called %s\n", std::string(policy).c_str()), 2;
  edges::checks all;
  edges::access_edges accesses(*engine, all);
  for (const std::uint32_t pages : {0u, 1u, 65535u}) accesses.run(pages);
  edges::memory_edges(*engine, all).run();
  edges::table_edges(*engine, all).run();
  edges::constant_edges(policy, cpu ? suite::cpu_level::v1 : suite::cpu_level::detected, all).run();
  return print_total(all.tally());
}
