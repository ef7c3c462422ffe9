// For csmith's programs: what GCC's builtins leave undefined at 0 is the width of the type, as wasm's operators say.
#define DEFINED_AT_ZERO(builtin, type, x) ({ type defined_x = (x); defined_x ? builtin(defined_x) : (int)sizeof defined_x * 8; })
#define __builtin_clz(x) DEFINED_AT_ZERO(__builtin_clz, unsigned, x)
#define __builtin_ctz(x) DEFINED_AT_ZERO(__builtin_ctz, unsigned, x)
#define __builtin_clzl(x) DEFINED_AT_ZERO(__builtin_clzl, unsigned long, x)
#define __builtin_ctzl(x) DEFINED_AT_ZERO(__builtin_ctzl, unsigned long, x)
#define __builtin_clzll(x) DEFINED_AT_ZERO(__builtin_clzll, unsigned long long, x)
#define __builtin_ctzll(x) DEFINED_AT_ZERO(__builtin_ctzll, unsigned long long, x)
