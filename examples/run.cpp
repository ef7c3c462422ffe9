// Compiles and runs a program: a module for WASI, or one exported function of any module.

#include "policies/figures.hpp"
#include "policies/policies.hpp"
#include <lightbeam/core/file.hpp>
#include <lightbeam/wasi.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <fmt/core.h>

namespace {

constexpr const char* help = R"(usage: run [--dir HOST[::GUEST]]... [--env NAME=VALUE]... [--invoke NAME] [--policy NAME] [--stats] FILE.wasm [ARGUMENT]...

Compiles FILE.wasm and runs it: a program for WASI preview 1 by its export _start, to which the arguments go.

  --dir HOST[::GUEST]  gives the program the folder HOST under the name GUEST; as / if GUEST is not said
  --env NAME=VALUE     sets a variable of the program's environment, which is empty otherwise
  --invoke NAME        calls the exported function NAME instead, with the arguments as numbers, and prints its results
  --policy NAME        how to compile; one of: {}
                       (guard_pages if not said)
  --stats              prints functions, bytes of wasm, bytes of machine code, time and speed of the compiler to standard error
  --help               prints this

The exit code is the program's; 0 after --invoke; 134 after a trap, whose text goes to standard error; 1 where the module
cannot be read, compiled or linked; 2 where the arguments make no sense.
)";

constexpr int failed = 1, misused = 2, trapped = 134;

struct options {
  std::vector<lightbeam::wasi_directory> directories;
  std::vector<std::string> environment, arguments;  // of the program; its name first
  std::string file, policy = "guard_pages";
  std::optional<std::string> invoke;
  bool stats = false, help = false;
};

std::optional<options> read_options(int argc, char** argv) {
  options o;
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; ++i) {
    const std::string_view a = argv[i];
    const auto operand = [&] { return std::string(argv[++i]); };
    if (a == "--help") {
      o.help = true;
      return o;
    } else if (a == "--stats") {
      o.stats = true;
    } else if (i + 1 == argc) {
      return {};
    } else if (a == "--dir") {
      const auto both = operand();
      const auto colons = both.find("::");
      if (both.empty() || both.ends_with("::")) return {};
      o.directories.push_back({colons == both.npos ? "/" : both.substr(colons + 2), both.substr(0, colons)});
    } else if (a == "--env") {
      o.environment.push_back(operand());
    } else if (a == "--invoke") {
      o.invoke = operand();
    } else if (a == "--policy") {
      o.policy = operand();
    } else {
      return {};
    }
  }
  if (i == argc) return {};
  o.file = argv[i];
  o.arguments.push_back(o.file.substr(o.file.rfind('/') + 1));
  for (++i; i < argc; ++i) o.arguments.emplace_back(argv[i]);
  return o;
}

// To standard error. That may be closed or full, which fmt::print would throw for, and changes nothing else.
template <class... A>
void complain(fmt::format_string<A...> form, A&&... a) {
  std::fputs(fmt::format(form, std::forward<A>(a)...).c_str(), stderr);
}

// A failure's text and what the process ends with.
int report(const lightbeam::failure& f) {
  std::fflush(stdout);
  if (f.kind() == lightbeam::failure_kind::exit) return f.exit_code();
  complain("{}\n", f.text());
  return f.kind() == lightbeam::failure_kind::trap ? trapped : failed;
}

// Integers in decimal or 0x..., signed or unsigned, that fit the type; nothing for anything else.
template <class Signed>
std::optional<lightbeam::any_value> read_integer(const std::string& text) {
  using u = std::make_unsigned_t<Signed>;
  const bool negative = text.starts_with('-'), hexadecimal = text.compare(negative, 2, "0x") == 0;
  const char* begin = text.data() + negative + (hexadecimal ? 2 : 0);
  u magnitude = 0;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), magnitude, hexadecimal ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (negative && magnitude > u(1) << (8 * sizeof(u) - 1)) return {};
  return lightbeam::any_value(Signed(negative ? u(0) - magnitude : magnitude));
}
template <class Float>
std::optional<lightbeam::any_value> read_float(const std::string& text) {
  char* end = nullptr;
  const Float x = sizeof(Float) == 4 ? Float(std::strtof(text.c_str(), &end)) : Float(std::strtod(text.c_str(), &end));
  if (text.empty() || *end) return {};
  return lightbeam::any_value(x);
}
std::optional<lightbeam::any_value> read_value(lightbeam::val type, const std::string& text) {
  switch (type) {
    case lightbeam::val::i32: return read_integer<std::int32_t>(text);
    case lightbeam::val::i64: return read_integer<std::int64_t>(text);
    case lightbeam::val::f32: return read_float<float>(text);
    case lightbeam::val::f64: return read_float<double>(text);
    default: break;
  }
  if (lightbeam::is_reference(type) && text == "null") return lightbeam::any_value::null(type);
  return {};
}

// The shortest decimal number that reads back as the same.
std::string text_of(const lightbeam::any_value& v) {
  switch (v.type()) {
    case lightbeam::val::i32: return fmt::format("{}", v.as<std::int32_t>());
    case lightbeam::val::i64: return fmt::format("{}", v.as<std::int64_t>());
    case lightbeam::val::f32: return fmt::format("{}", v.as<float>());
    case lightbeam::val::f64: return fmt::format("{}", v.as<double>());
    case lightbeam::val::v128: return fmt::format("0x{:016x}{:016x}", v.as<lightbeam::v128>().high, v.as<lightbeam::v128>().low);
    default: return v.words()[0] == 0 ? "null" : "a reference";
  }
}

int call(const lightbeam::func<>& f, std::span<const std::string> arguments) {
  const auto& type = f.type();
  std::vector<lightbeam::any_value> values;
  for (std::size_t i = 0; i < type.params.size() && i < arguments.size(); ++i)
    if (const auto v = read_value(type.params[i], arguments[i])) values.push_back(*v);
  if (values.size() != type.params.size() || values.size() != arguments.size()) {
    complain("the arguments do not fit {}\n", text(type));
    return misused;
  }
  const auto results = f(values);
  if (!results) return report(results.error());
  for (const auto& r : *results) fmt::print("{}\n", text_of(r));
  if (std::fflush(stdout) == 0) return 0;
  complain("the results cannot be written: {}\n", std::strerror(errno));
  return failed;
}

void print_stats(const lightbeam::module& m, double seconds) {
  const auto s = policies::figures_of(m);
  complain("{} functions, {} bytes of wasm ({} of code), {} bytes of machine code ({:.2f} per byte of code), compiled in {:.3f} ms: {:.1f} MB/s\n", s.functions,
             s.module_bytes, s.code_bytes, s.machine_bytes, s.code_bytes ? double(s.machine_bytes) / double(s.code_bytes) : 0.0, seconds * 1e3,
             double(s.code_bytes) / seconds / 1e6);
}

lightbeam::result<lightbeam::module> compile(const policies::any_engine& engine, const options& o) {
  auto bytes = lightbeam::read_file(o.file);
  if (!bytes) {
    complain("{}: {}\n", o.file, bytes.error().kind() == lightbeam::failure_kind::io ? std::strerror(errno) : bytes.error().what());
    return bytes.error();
  }
  const auto start = std::chrono::steady_clock::now();
  auto module = engine.compile(std::move(*bytes));
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (module && o.stats) print_stats(*module, time.count());
  return module;
}

int run(const policies::any_engine& engine, const options& o) {
  const auto module = compile(engine, o);
  if (!module) return report(module.error());
  lightbeam::linker linker;
  const lightbeam::wasi wasi{.arguments = o.arguments, .environment = o.environment, .directories = o.directories};
  if (const auto bound = wasi.bind(linker); !bound) {
    for (const auto& d : o.directories)
      if (!std::filesystem::is_directory(d.host)) complain("{} is not a directory\n", d.host);
    return report(bound.error());
  }
  lightbeam::store store;
  const auto instance = linker.instantiate(store, *module);
  if (!instance) return report(instance.error());
  if (const auto initialise = instance->get<void()>("_initialize"))
    if (const auto done = (*initialise)(); !done) return report(done.error());
  if (o.invoke) {
    const auto f = instance->func(*o.invoke);
    return f ? call(*f, std::span(o.arguments).subspan(1)) : report(f.error());
  }
  const auto start = instance->get<void()>("_start");
  if (!start) return report(start.error());
  const auto done = (*start)();
  return done ? 0 : report(done.error());
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = read_options(argc, argv);
  std::string names;
  for (const auto name : policies::names()) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  if (o && o->help) return fmt::print(fmt::runtime(help), names), std::fflush(stdout) == 0 ? 0 : failed;
  if (!o) return complain("{}", fmt::format(fmt::runtime(help), names)), misused;
  const auto engine = policies::make_engine(o->policy);
  if (!engine) return complain("no policy is called {}; there are: {}\n", o->policy, names), misused;
  try {
    return run(*engine, *o);
  } catch (const std::bad_alloc&) {
    std::fputs("no memory left\n", stderr);
    return failed;
  }
}
