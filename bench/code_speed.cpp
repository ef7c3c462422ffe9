// How fast compiled code runs: calls the export `run` of each module until 0.5 s or 5 calls have passed, at least twice.

#include "options.hpp"
#include "timing.hpp"
#include <lightbeam/core/file.hpp>
#include <lightbeam/runtime.hpp>

namespace {

constexpr int least_calls = 2, most_calls = 5;
constexpr double enough_seconds = 0.5;

lightbeam::result<std::int32_t> measure(const policies::any_engine& engine, const std::string& file, bench::minimum& times) {
  const auto bytes = lightbeam::read_file(file);
  if (!bytes) return bytes.error();
  const auto module = engine.compile(*bytes);
  if (!module) return module.error();
  lightbeam::store store;
  const auto instance = lightbeam::linker().instantiate(store, *module);
  if (!instance) return instance.error();
  const auto run = instance->get<std::int32_t()>("run");
  if (!run) return run.error();
  std::int32_t last = 0;
  while (times.count() < least_calls || (times.count() < most_calls && times.sum() < enough_seconds)) {
    const bench::stopwatch watch;
    const auto result = (*run)();
    times.add(watch.seconds());
    if (!result) return result.error();
    last = *result;
  }
  return last;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::read_options(argc, argv, "Calls the export run: () -> i32 of each file and prints a line of JSON: milliseconds (the minimum) and the result.");
  if (!o) return 2;
  const auto engine = policies::make_engine(o->policy);
  bool all = true;
  for (const auto& file : o->files) {
    bench::minimum times;
    const auto result = measure(*engine, file, times);
    if (result) fmt::print("{{\"file\":{},\"ms\":{:.3f},\"result\":{}}}\n", bench::quoted(file), times.least() * 1e3, *result);
    else fmt::print("{{\"file\":{},\"error\":{}}}\n", bench::quoted(file), bench::quoted(result.error().text()));
    std::fflush(stdout);
    all &= bool(result);
  }
  return all ? 0 : 1;
}
