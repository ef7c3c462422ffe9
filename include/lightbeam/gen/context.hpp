#pragma once

#include "value.hpp"
#include "../core/ownership.hpp"
#include "../runtime/image.hpp"
#include "../wasm/type_reader.hpp"
#include "../x64/cpu.hpp"
#include "../x64/operand.hpp"
#include <optional>
#include <algorithm>
#include <span>
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI {

struct compile_context;

// What a step needs of its row at run time.
struct row_data {
  std::uint8_t in[3] = {};
  std::uint8_t alignment = 0;  // natural alignment of memory operators, as a power of two
};

// One per opcode: code by shape, data by row.
struct entry {
  using step_fn = void (*)(compile_context*, const std::uint8_t* pc, value* sp, std::uint8_t* out, std::uint64_t registers, const entry*);
  step_fn step = nullptr;
  const void* handler = nullptr;
  row_data row;
};

// A position in the code, and the state of the homes there. Until it is bound, `place` heads a chain threaded through
// the rel32 fields of the jumps to it; 0 ends the chain.
struct label {
  std::uint32_t place = 0;
  std::uint32_t in = 0;     // homes that hold their local; the slots of all others are valid
  std::uint32_t dirty = 0;  // homes whose slot is stale
  std::uint32_t stubs = 0;  // 1 + index of the first cold exit that wants to know where this label comes to lie
  std::uint32_t tables = 0; // 1 + index of the first entry of a jump table that leads here
  bool bound = false;
  bool reached = false;     // the first edge fixed `in`
};

enum class construct : std::uint8_t { function, block, loop, then_arm, else_arm };

// Its size counts: a body may open a hundred thousand in as many bytes.
struct control {
  short_types params, results;
  construct kind = construct::block;
  bool has_region = false;            // a loop that brought its own homes
  bool dead = false;                  // its end is not reached by falling through
  std::uint32_t region = 0;           // of the code outside of it: to which its end returns
  std::uint32_t target_region = 0;    // of the code at its label
  std::uint32_t first = 0;            // its operands begin here on the stack, above its sentinel
  label target;                       // of br: the end, or a loop's header
  std::uint32_t else_place = 0;       // chain of the false edge of `if`
  std::uint32_t else_in = 0, else_dirty = 0;
  std::uint32_t table = 0;            // of the last br_table that named it: its number among all labels that were named

  std::span<const val> branch_types() const { return kind == construct::loop ? params : results; }
};

// A label that a br_table names, once for each.
struct named_label {
  std::uint32_t depth;
  std::uint32_t detour;  // 1 + its index among those of the table, if its edge needs moves
};
// Written after the body, out of the way.
struct cold_trap {
  std::uint32_t field;   // of the jump that goes there
  std::uint32_t offset;  // of the operator in its body
  trap_code code;
  bool drops_frame = false;  // the failed stack check: rsp is below the limit already
  std::int32_t ids = 0;      // of call_indirect: where the type ids lie that tell a null element from a wrong type
};
// The exit of a conditional branch that leaves a region: its moves, then a jump.
struct cold_exit {
  std::uint32_t field;
  std::uint32_t in, dirty;            // of the homes at the branch
  std::uint32_t region, target_region;
  std::uint32_t target_in = 0, target_dirty = 0, position = 0, next = 0;
};
// An entry of a jump table: the distance of a label from the table.
struct table_field {
  std::uint32_t field, table, next;
};

// Where arguments and results of a function type travel: worked out once a type, when something is called that has it.
struct signature_places {
  struct place {
    val type;
    reg in;
    std::uint32_t overflow;
  };
  plain_vector<place> params, results;

  signature_places(const function_type& t) {
    auto arguments = value_places::arguments(), returns = value_places::results();
    for (const val v : t.params) params.push_back(place_of(v, arguments.next(v)));
    for (const val v : t.results) results.push_back(place_of(v, returns.next(v)));
  }
  static place place_of(val t, value_places::place p) { return {t, p.in, p.overflow}; }
};

// Offsets in the code of the thunks that function bodies call.
struct thunk_places {
  std::uint32_t trap_exits[11] = {};
  std::uint32_t foreign_call = 0, runtime_call = 0;
  std::uint32_t exit = 0, trap = 0;  // where other thunks end
};

// The homes of one region: which register holds which local.
struct region {
  std::uint32_t homes = 0;
  std::uint32_t owner[32] = {};
};

// Finds the operator behind a machine address while its function is compiled once more. Latent loads are done later than
// they stand, so each is noted twice: where it stands, and where its instruction begins.
struct locator {
  struct pending_load {
    value load;
    std::uint32_t offset;
  };
  const std::uint8_t* site = nullptr;
  std::uint32_t found = no_index;
  plain_vector<pending_load> loads;

  std::uint32_t current = no_index;  // the operator that is being lowered

  void begin(const std::uint8_t* at, std::uint32_t offset) { mark(at, current = offset); }
  // The code from `at` on belongs to the operator at `offset`, until the next mark.
  void mark(const std::uint8_t* at, std::uint32_t offset) {
    if (at <= site) found = offset;
  }
  void mark_load(const std::uint8_t* at, const value& load) {
    if (const auto* const l = latest(load)) mark(at, l->offset);
  }
  const pending_load* latest(const value& load) const {
    for (std::size_t i = loads.size(); i-- > 0;)
      if (loads[i].load.tag == load.tag && loads[i].load.payload == load.payload) return &loads[i];
    return nullptr;
  }
};

// What steps share and rarely touch. The cursor is saved here around code that is not inlined.
struct compile_context {
  // The cursor's words do not lie beside each other: GCC would save them one by one, and read them back in pairs right after
  // that, which waits for the stores (an eighth of the compiler's time, when it was so).
  const std::uint8_t* pc = nullptr;
  value* locals = nullptr;  // a local's record is the value that local.get pushes
  value* sp = nullptr;
  value* stack = nullptr;
  std::uint8_t* out = nullptr;
  std::uint8_t* code = nullptr;  // of the whole module
  std::uint64_t registers = 0;  // free temporaries, and above them the homes that are in
  control* frame = nullptr;  // the innermost of `frames`
  const std::uint8_t* at = nullptr;
  const std::uint8_t *prefix = nullptr, *prefixed_by = nullptr;  // where the last operator with a prefix begins, and what its step was told

  std::uint32_t local_count = 0;
  std::uint32_t dirty = 0;  // homes whose slot is stale
  std::uint32_t epoch = 1;  // of in-bounds facts: advances at labels
  std::int32_t bias = 0;    // of the slots of stack entries
  value* stack_end = nullptr;
  const entry* table = nullptr;
  std::uint8_t* limit = nullptr; // of the space committed for this function
  const std::uint8_t* proportion = nullptr;  // beyond it there is more machine code than the module's bytes so far are worth
  const std::uint8_t* body = nullptr;
  const module_info* info = nullptr;
  const instance_layout* layout = nullptr;
  cpu_features cpu{};

  std::int32_t frame_bytes = 0;
  std::uint32_t saved = 0;       // callee-saved registers that the prologue saves
  std::uint32_t may_save = 0;    // for which it has room
  bool has_calls = false;        // as far as a guess goes
  bool zeros_pending = false;    // some locals are still the constant 0
  std::uint32_t first_zero = 0;  // the first local that is not a parameter
  bool has_called = false;       // and in fact
  bool checks_stack = false;
  std::uint32_t body_start = 0;  // position in the code
  bool done = false;
  bool halted = false;
  const std::uint8_t* body_end = nullptr;
  const std::uint8_t* ended = nullptr;  // past the last end
  std::uint32_t current_region = 0;
  std::uint32_t open_loops = 0;
  bool crowded = false;          // more locals than homes
  bool loop_calls = false;       // the outermost loop calls, as far as a scan saw
  // Of that scan: weights by local, locals by weight, those that get a home.
  static constexpr std::size_t scan_reach = 256;  // bytes that it looks at
  plain_vector<std::uint32_t> weights, chosen;
  std::array<std::uint32_t, scan_reach + 1> ranking;
  std::span<const std::uint32_t> ranked;  // of ranking
  std::uint32_t tables = 0;      // labels that br_tables named so far, and those of them that lie outside of a region
  std::size_t labels_outside = 0;
  expansion values;              // of all functions of the module
  std::uint32_t function = 0;    // index in the module
  std::optional<failure> failed;
  locator* locating = nullptr;   // while a trap is located

  plain_vector<control> frames;
  plain_vector<value> stack_memory;  // without elements: most of it is never touched
  std::size_t stack_entries = 0;
  plain_vector<value> local_memory;
  plain_vector<region> regions;
  plain_vector<table_field> table_fields;
  plain_vector<named_label> named;  // of one br_table, like the next
  plain_vector<label> detours;
  plain_vector<cold_trap> traps;
  plain_vector<cold_exit> exits;
  plain_vector<std::uint32_t> call_places;  // per function: its position, or the head of a chain of call fields
  plain_vector<bool> placed;                // per function: call_places is its position
  std::vector<owner<const signature_places>> signatures;  // per type, null until it is called
  thunk_places thunks;

  // Room for this many entries; three sentinels lie below, because operators look at operands before they know how many there are.
  void reserve_stack(std::size_t entries) {
    if (entries + 3 <= stack_entries) return;
    const std::size_t used = stack ? std::size_t(sp - stack) : 0;
    const std::size_t room = entries + entries / 4 + 1024;
    plain_vector<value> larger;
    larger.reserve(room);
    std::fill_n(larger.data(), 3, value::sentinel());
    if (used) std::copy_n(stack, used, larger.data() + 3);
    stack_memory = std::move(larger);
    stack_entries = room;
    stack = stack_memory.data() + 3;
    stack_end = stack_memory.data() + stack_entries;
    sp = stack + used;
  }
  const signature_places& signature(std::uint32_t type) {
    if (!signatures[type]) [[unlikely]] make_signature(type);
    return *signatures[type];
  }
  [[gnu::noinline, gnu::cold]] void make_signature(std::uint32_t type) { signatures[type] = owner(new const signature_places(info->types[type])); }
  std::uint32_t position(const std::uint8_t* p) const { return std::uint32_t(p - code); }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
