// json FILE [PATH...]: reads JSON, prints statistics, and the values that the paths name (a.b[2].c) sorted and indented.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

struct value;
using array = std::vector<value>;
using object = std::map<std::string, value, std::less<>>;

struct value {
  std::variant<std::nullptr_t, bool, double, std::string, std::shared_ptr<array>, std::shared_ptr<object>> data = nullptr;
};

class parser {
 public:
  explicit parser(std::string_view text) : text_(text) {}

  std::optional<value> parse() {
    auto v = element();
    space();
    if (!v || at_ != text_.size()) return {};
    return v;
  }
  std::size_t position() const { return at_; }

 private:
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }
  std::optional<value> element() {
    space();
    if (at_ >= text_.size()) return {};
    switch (text_[at_]) {
      case 'n': return word("null") ? std::optional(value{nullptr}) : std::nullopt;
      case 't': return word("true") ? std::optional(value{true}) : std::nullopt;
      case 'f': return word("false") ? std::optional(value{false}) : std::nullopt;
      case '"': {
        auto s = string();
        if (!s) return {};
        return value{std::move(*s)};
      }
      case '[': return list();
      case '{': return members();
      default: return number();
    }
  }
  std::optional<value> number() {
    const std::string digits(text_.substr(at_, 40));
    char* end = nullptr;
    const double d = std::strtod(digits.c_str(), &end);
    if (end == digits.c_str()) return {};
    at_ += std::size_t(end - digits.c_str());
    return value{d};
  }
  void encode(unsigned code, std::string& to) {
    if (code < 0x80) {
      to += char(code);
    } else if (code < 0x800) {
      to += char(0xc0 | code >> 6), to += char(0x80 | (code & 63));
    } else {
      to += char(0xe0 | code >> 12), to += char(0x80 | (code >> 6 & 63)), to += char(0x80 | (code & 63));
    }
  }
  std::optional<std::string> string() {
    std::string s;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') return ++at_, s;
      if (c != '\\') {
        s += c;
        continue;
      }
      if (++at_ >= text_.size()) return {};
      constexpr std::string_view from = "bfnrt", to = "\b\f\n\r\t";
      if (text_[at_] == 'u') {
        unsigned code = 0;
        const auto hex = text_.substr(at_ + 1, 4);
        if (std::from_chars(hex.data(), hex.data() + hex.size(), code, 16).ptr != hex.data() + 4) return {};
        at_ += 4;
        encode(code, s);
      } else if (const auto i = from.find(text_[at_]); i != from.npos) {
        s += to[i];
      } else {
        s += text_[at_];
      }
    }
    return {};
  }
  std::optional<value> list() {
    auto a = std::make_shared<array>();
    ++at_;
    if (take(']')) return value{a};
    do {
      auto v = element();
      if (!v) return {};
      a->push_back(std::move(*v));
    } while (take(','));
    if (!take(']')) return {};
    return value{a};
  }
  std::optional<value> members() {
    auto o = std::make_shared<object>();
    ++at_;
    if (take('}')) return value{o};
    do {
      space();
      if (at_ >= text_.size() || text_[at_] != '"') return {};
      auto name = string();
      if (!name || !take(':')) return {};
      auto v = element();
      if (!v) return {};
      o->insert_or_assign(std::move(*name), std::move(*v));
    } while (take(','));
    if (!take('}')) return {};
    return value{o};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

struct statistics {
  std::size_t values = 0, deepest = 0;
  double sum = 0;
  std::map<std::string, int> keys;

  void visit(const value& v, std::size_t depth) {
    ++values;
    deepest = std::max(deepest, depth);
    if (auto d = std::get_if<double>(&v.data)) sum += *d;
    if (auto a = std::get_if<std::shared_ptr<array>>(&v.data))
      for (const auto& each : **a) visit(each, depth + 1);
    if (auto o = std::get_if<std::shared_ptr<object>>(&v.data))
      for (const auto& [name, each] : **o) ++keys[name], visit(each, depth + 1);
  }
};

struct printer {
  std::string out;
  void line(int depth) { out += '\n', out.append(std::size_t(depth) * 2, ' '); }
  void operator()(const value& v, int depth = 0) {
    std::visit([&](const auto& x) { print(x, depth); }, v.data);
  }
  void print(std::nullptr_t, int) { out += "null"; }
  void print(bool b, int) { out += b ? "true" : "false"; }
  void print(double d, int) {
    char text[40];
    std::snprintf(text, sizeof text, std::fabs(d) < 1e15 && d == std::floor(d) ? "%.0f" : "%.17g", d);
    out += text;
  }
  void print(const std::string& s, int) {
    out += '"';
    for (char c : s) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  void print(const std::shared_ptr<array>& a, int depth) {
    out += '[';
    for (std::size_t i = 0; i < a->size(); ++i) {
      if (i) out += ',';
      line(depth + 1), (*this)((*a)[i], depth + 1);
    }
    line(depth), out += ']';
  }
  void print(const std::shared_ptr<object>& o, int depth) {
    out += '{';
    bool first = true;
    for (const auto& [name, each] : *o) {
      if (!std::exchange(first, false)) out += ',';
      line(depth + 1), print(name, 0), out += ": ", (*this)(each, depth + 1);
    }
    line(depth), out += '}';
  }
};

const value* find(const value& root, std::string_view path) {
  const value* v = &root;
  while (v && !path.empty()) {
    if (path[0] == '[') {
      const auto a = std::get_if<std::shared_ptr<array>>(&v->data);
      const std::size_t i = std::strtoul(std::string(path.substr(1)).c_str(), nullptr, 10);
      v = a && i < (*a)->size() ? &(**a)[i] : nullptr;
      path.remove_prefix(std::min(path.find(']') + 1, path.size()));
    } else {
      if (path[0] == '.') path.remove_prefix(1);
      const auto end = std::min(path.find_first_of(".["), path.size());
      const auto o = std::get_if<std::shared_ptr<object>>(&v->data);
      const auto it = o ? (*o)->find(path.substr(0, end)) : object::iterator{};
      v = o && it != (*o)->end() ? &it->second : nullptr;
      path.remove_prefix(end);
    }
  }
  return v;
}

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("usage: json FILE [PATH...]\n", stderr), 2;
  std::ifstream in(argv[1]);
  if (!in) return std::fprintf(stderr, "json: cannot read %s\n", argv[1]), 1;
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  parser p(text);
  const auto root = p.parse();
  if (!root) return std::fprintf(stderr, "json: a mistake near byte %zu\n", p.position()), 4;
  statistics s;
  s.visit(*root, 0);
  std::printf("%zu bytes, %zu values, depth %zu, sum of numbers %.6g\n", text.size(), s.values, s.deepest, s.sum);
  std::vector<std::pair<int, std::string>> keys;
  for (const auto& [name, n] : s.keys) keys.emplace_back(-n, name);
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 0; i < keys.size() && i < 5; ++i) std::printf("%6d x %s\n", -keys[i].first, keys[i].second.c_str());
  for (int i = 2; i < argc; ++i) {
    printer out;
    const value* v = find(*root, argv[i]);
    if (v) out(*v);
    std::printf("%s = %s\n", argv[i], v ? out.out.c_str() : "(nothing)");
  }
  return 0;
}
