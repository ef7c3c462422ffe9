// How fast modules compile: validation included, one thread, a fresh engine for every run, the minimum of several.

#include "options.hpp"
#include "timing.hpp"
#include "policies/figures.hpp"
#include <lightbeam/core/file.hpp>

namespace {

constexpr int least_runs = 5, most_runs = 50;
constexpr double enough_seconds = 1;  // small modules run more often

// One run: an engine made, and the module compiled from bytes that are in memory, which it keeps. Its destruction is not measured.
lightbeam::result<lightbeam::module> compile_once(const std::string& policy, std::vector<std::uint8_t> bytes, bench::minimum& times) {
  const bench::stopwatch watch;
  const auto engine = policies::make_engine(policy);
  auto module = engine->compile(std::move(bytes));
  times.add(watch.seconds());
  return module;
}

bool measure(const std::string& policy, const std::string& file) {
  const auto bytes = lightbeam::read_file(file);
  if (!bytes) return fmt::print("{{\"file\":{},\"error\":{}}}\n", bench::quoted(file), bench::quoted(bytes.error().text())), false;
  bench::minimum times;
  policies::figures f;
  while (times.count() < least_runs || (times.count() < most_runs && times.sum() < enough_seconds)) {
    const auto module = compile_once(policy, *bytes, times);
    if (!module) {
      const bool unsupported = module.error().kind() == lightbeam::failure_kind::unsupported;
      fmt::print("{{\"file\":{},\"{}\":{}}}\n", bench::quoted(file), unsupported ? "unsupported" : "error", bench::quoted(module.error().text()));
      return unsupported;
    }
    f = policies::figures_of(*module);
  }
  fmt::print("{{\"file\":{},\"code_bytes\":{},\"functions\":{},\"seconds\":{:.6f},\"mb_per_s\":{:.2f},\"machine_bytes\":{}}}\n", bench::quoted(file), f.code_bytes, f.functions,
             times.least(), double(f.code_bytes) / times.least() / 1e6, f.machine_bytes);
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::read_options(argc, argv,
                                     "Compiles each file at least 5 times and prints a line of JSON: bytes of the code section, functions, seconds\n"
                                     "(the minimum), bytes of the code section per microsecond, bytes of machine code.");
  if (!o) return 2;
  bool all = true;
  for (const auto& file : o->files) all &= measure(o->policy, file);
  return all ? 0 : 1;
}
