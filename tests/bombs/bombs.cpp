// No compiler bombs: time and memory grow with the module and no faster, and what would take more is a limit.

#include "../spec/tally.hpp"
#include "measure.hpp"
#include "shapes.hpp"
#include <lightbeam/core/file.hpp>
#include <filesystem>

namespace {

using namespace bombs;

constexpr const char* help = R"(bombs [--policy NAME] [--scale PERCENT] [--only NAME] [--reference FILE]...
Compiles and validates generated modules of n and of 2 n parts. Twice the size may take at most 2.3 times the time and memory;
and each at most three times as long per byte as real modules, and half a microsecond a function; or it is refused by a limit.
  --policy NAME     a policy of examples/policies (the first one that was built if not said)
  --scale PERCENT   of the full size (100 if not said)
  --only NAME       shapes whose name contains this
  --reference FILE  a real module; the kernels if none is said
)";

struct options {
  std::string policy{policies::names()[0]}, only;
  std::uint32_t scale = 100;
  std::vector<std::string> references;
};

struct per_byte {
  double compiling = 0, validating = 0;
};

class runner {
 public:
  explicit runner(const options& o) : options_(o), engine_(policies::make_engine(o.policy)) {}
  explicit operator bool() const { return engine_ != nullptr; }

  bool find_reference() {
    double size = 0;
    for (const auto& file : options_.references) {
      const auto module = lightbeam::read_file(file);
      if (!module) return std::printf("%s cannot be read\n", file.c_str()), false;
      const auto m = measure(*engine_, [&] { return *module; });
      if (!m || m->refused) return std::printf("%s does not compile\n", file.c_str()), false;
      real_.compiling += m->seconds, real_.validating += m->validating, size += double(m->size);
    }
    if (size == 0) return std::puts("there is no real module to compare with"), false;
    real_.compiling /= size, real_.validating /= size;
    std::printf("real modules: %.1f ns a byte to compile, %.1f to validate\n", 1e9 * real_.compiling, 1e9 * real_.validating);
    return true;
  }
  void run(const shape& s) {
    if (std::string_view(s.name).find(options_.only) == std::string_view::npos) return;
    std::string why;
    // Whatever runs beside may disturb one attempt, and changes how fast real modules are, too.
    for (int attempt = 0; attempt < 3 && (attempt == 0 || find_reference()); ++attempt)
      if (why = judge(s); why.empty()) break;
    if (why.empty()) return void(++tally_.passed);
    ++tally_.failed;
    std::printf("FAILED %s: %s\n  again: bombs --policy %s --scale %u --only '%s'", s.name, why.c_str(), options_.policy.c_str(), options_.scale, s.name);
    for (const auto& file : options_.references) std::printf(" --reference %s", file.c_str());
    std::puts("");
  }
  suite::tally& tally() { return tally_; }

 private:
  // What is too short to be measured does not count.
  static constexpr double ratio = 2.3, negligible_seconds = 3e-3, negligible_growth = 1e-2, per_function = 5e-7;
  static constexpr std::size_t negligible_bytes = std::size_t{4} << 20;

  std::string judge(const shape& s) const {
    const std::uint32_t n = std::max<std::uint32_t>(2, std::uint32_t(std::uint64_t{s.count} * options_.scale / 100));
    const auto half = measure(*engine_, [&] { return s.make(n / 2); }), full = measure(*engine_, [&] { return s.make(n); });
    if (!half || !full) return "it crashed, or took more than a minute";
    print(s, n, *half, *full);
    if (s.limit) return full->refused && std::string_view(full->text).find(s.limit) != std::string_view::npos ? "" : std::string("should be refused: ") + s.limit;
    if (full->refused) return std::string("refused: ") + full->text;
    // What takes less than half of a real module's time is copying, whose speed depends on where its memory lies.
    if (beyond(full->seconds, *full, real_.compiling / 2) && grows(half->seconds, full->seconds, negligible_growth)) return "twice the size takes more than 2.3 times the time";
    if (beyond(full->validating, *full, real_.validating / 2) && grows(half->validating, full->validating, negligible_growth))
      return "twice the size takes more than 2.3 times the time to validate";
    if (grows(double(half->memory), double(full->memory), double(negligible_bytes))) return "twice the size takes more than 2.3 times the memory";
    if (beyond(full->seconds, *full, s.most * real_.compiling)) return "takes " + times(full->seconds, *full, real_.compiling) + " of real modules";
    if (beyond(full->validating, *full, s.validating * real_.validating)) return "takes " + times(full->validating, *full, real_.validating) + " of real modules to validate";
    return {};
  }
  static bool grows(double half, double full, double negligible) { return full > negligible + ratio * half; }
  static bool beyond(double seconds, const measurement& m, double a_byte) { return seconds > negligible_seconds + a_byte * double(m.size) + per_function * double(m.functions); }
  static std::string times(double seconds, const measurement& m, double a_byte) {
    return std::to_string((seconds - per_function * double(m.functions)) / double(m.size) / a_byte) + " times the time per byte";
  }
  void print(const shape& s, std::uint32_t n, const measurement& half, const measurement& full) const {
    const double size = double(full.size);
    std::printf("%-36s %9u %10zu bytes %8.1f ms x%.2f %7.1f ns a byte, validating %6.1f x%.2f, memory %6.1f a byte x%.2f%s%s\n", s.name, n, full.size, 1e3 * full.seconds,
                full.seconds / half.seconds, 1e9 * full.seconds / size, 1e9 * full.validating / size, full.validating / half.validating, double(full.memory) / size,
                double(full.memory) / double(std::max<std::size_t>(half.memory, 1)), full.refused ? ", " : "", full.text);
    std::fflush(stdout);
  }

  options options_;
  std::unique_ptr<policies::any_engine> engine_;
  per_byte real_;
  suite::tally tally_;
};

std::optional<options> read_options(int argc, char** argv) {
  options o;
  if (argc % 2 == 0) return {};
  for (int i = 1; i < argc; i += 2) {
    const std::string_view a = argv[i];
    if (a == "--policy") o.policy = argv[i + 1];
    else if (a == "--only") o.only = argv[i + 1];
    else if (a == "--reference") o.references.emplace_back(argv[i + 1]);
    else if (a == "--scale") o.scale = std::uint32_t(std::strtoul(argv[i + 1], nullptr, 0));
    else return {};
  }
  if (o.references.empty()) {
    std::error_code none;
    for (const auto& e : std::filesystem::directory_iterator(LIGHTBEAM_KERNELS_DIR, none))
      if (e.path().extension() == ".wasm") o.references.push_back(e.path().string());
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const bool asked = argc == 2 && !std::strcmp(argv[1], "--help");
  const auto o = read_options(argc, argv);
  if (!o) return std::fputs(help, asked ? stdout : stderr), asked ? 0 : 2;
  runner all(*o);
  if (!all) return std::printf("no policy is called %s\n", o->policy.c_str()), 2;
  if (!all.find_reference()) return 2;
  for (const auto& list : {shapes_of_bodies(), shapes_of_modules()})
    for (const auto& s : list) all.run(s);
  return suite::print_total(all.tally());
}
