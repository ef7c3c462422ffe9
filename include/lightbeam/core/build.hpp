#pragma once

namespace lightbeam {

// Steps call each other in tail position where the compiler promises it:
// Clang always, GCC when it optimises and without ASan. Elsewhere a loop runs the same steps.
#if defined(__clang__)
#define LIGHTBEAM_TAIL [[clang::musttail]] return
#define LIGHTBEAM_TAIL_CALLS 1
#else
#define LIGHTBEAM_TAIL return
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(LIGHTBEAM_LOOP)
#define LIGHTBEAM_TAIL_CALLS 1
#else
#define LIGHTBEAM_TAIL_CALLS 0
#endif
#endif

// GCC would carry neighbouring words (of the cursor, of a value) to memory in vector registers: longer ways, and pairs of stores for
// which a wider load then waits. Functions that are marked so compile a module in a tenth less time. And at -O1 and -Og they make tail
// calls, which GCC by itself does not.
#if defined(__clang__)
#define LIGHTBEAM_SCALAR
#else
#define LIGHTBEAM_SCALAR gnu::optimize("O2", "no-tree-slp-vectorize")
#endif

// Steps are flat, so that the cursor stays in registers. Where a loop runs them it lies in memory anyway.
#if LIGHTBEAM_TAIL_CALLS
#define LIGHTBEAM_FLAT gnu::flatten, LIGHTBEAM_SCALAR
#else
#define LIGHTBEAM_FLAT gnu::hot
#endif

inline constexpr bool tail_calls = LIGHTBEAM_TAIL_CALLS != 0;

#if defined(__cpp_exceptions)
#define LIGHTBEAM_EXCEPTIONS 1
#else
#define LIGHTBEAM_EXCEPTIONS 0
#endif

// Around functions that run a few times in a module, and around rare operators: GCC makes them small, which takes it half the time. It
// inlines none of them into functions outside, so nothing that a step contains may stand there, and no other header. (Removal of dead
// stores takes long in thunks.) Without optimisation this would optimise.
#if defined(__OPTIMIZE__) && !defined(__clang__)
#define LIGHTBEAM_SMALL _Pragma("GCC push_options") _Pragma("GCC optimize(\"Os\", \"no-tree-dse\")")
#define LIGHTBEAM_SMALL_END _Pragma("GCC pop_options")
#else
#define LIGHTBEAM_SMALL
#define LIGHTBEAM_SMALL_END
#endif

// Everything lives in `namespace lightbeam::inline LIGHTBEAM_ABI`. Its name carries the build modes that change
// what inline functions mean, so that units built differently do not link into nonsense.
#if LIGHTBEAM_EXCEPTIONS && LIGHTBEAM_TAIL_CALLS
#define LIGHTBEAM_ABI exceptions_tail
#elif LIGHTBEAM_EXCEPTIONS
#define LIGHTBEAM_ABI exceptions_loop
#elif LIGHTBEAM_TAIL_CALLS
#define LIGHTBEAM_ABI aborts_tail
#else
#define LIGHTBEAM_ABI aborts_loop
#endif

}  // namespace lightbeam
