#include <lightbeam/wasm/op.hpp>
// expect: not_a_signature_letter
constexpr lightbeam::signature s{"iq:i"};
