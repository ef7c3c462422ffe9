// squeeze FILE...: compresses each file (LZ77 with hash chains, then canonical Huffman codes), writes FILE.squeezed,
// reads it back, restores it and compares. Prints sizes and checksums.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { window = 1 << 15, hash_bits = 14, shortest = 4, longest = 255 + shortest, symbols = 512, longest_code = 24 };

typedef struct {
  uint8_t* data;
  size_t size, room;
} bytes;

static void put(bytes* b, uint8_t byte) {
  if (b->size == b->room) {
    b->room = b->room ? b->room * 2 : 4096;
    b->data = realloc(b->data, b->room);
    if (!b->data) exit(3);
  }
  b->data[b->size++] = byte;
}

// Symbols below 256 are literals; 256 + n is a match of n + shortest bytes, followed by 15 bits of distance.
typedef struct {
  uint16_t symbol, distance;
} token;
typedef struct {
  token* data;
  size_t size, room;
} tokens;

static void put_token(tokens* t, unsigned symbol, unsigned distance) {
  if (t->size == t->room) {
    t->room = t->room ? t->room * 2 : 4096;
    t->data = realloc(t->data, t->room * sizeof *t->data);
    if (!t->data) exit(3);
  }
  t->data[t->size++] = (token){(uint16_t)symbol, (uint16_t)distance};
}

static unsigned hash_at(const uint8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return (v * 2654435761u) >> (32 - hash_bits);
}

static tokens find_matches(const uint8_t* in, size_t size) {
  static int32_t head[1 << hash_bits], previous[window];
  tokens out = {0};
  memset(head, 0xff, sizeof head);
  for (size_t at = 0; at < size;) {
    size_t best = 0, best_distance = 0;
    if (at + shortest <= size) {
      int32_t candidate = head[hash_at(in + at)];
      for (int tries = 0; tries < 64 && candidate >= 0 && at - (size_t)candidate < window; ++tries) {
        size_t length = 0;
        while (length < longest && at + length < size && in[(size_t)candidate + length] == in[at + length]) ++length;
        if (length > best) {
          best = length;
          best_distance = at - (size_t)candidate;
        }
        candidate = previous[candidate % window];
      }
    }
    size_t step = 1;
    if (best >= shortest) {
      put_token(&out, (unsigned)(256 + best - shortest), (unsigned)best_distance);
      step = best;
    } else {
      put_token(&out, in[at], 0);
    }
    for (; step > 0; --step, ++at)
      if (at + shortest <= size) {
        const unsigned h = hash_at(in + at);
        previous[at % window] = head[h];
        head[h] = (int32_t)at;
      }
  }
  return out;
}

// Code lengths by repeatedly joining the two rarest trees; counts are halved until no code is too long.
static void code_lengths(const uint32_t* counts, uint8_t* lengths) {
  uint32_t scaled[symbols];
  memcpy(scaled, counts, sizeof scaled);
  for (;;) {
    uint64_t weight[2 * symbols];
    int parent[2 * symbols], alive[2 * symbols], live = 0, next = symbols;
    for (int i = 0; i < symbols; ++i) {
      weight[i] = scaled[i];
      if (scaled[i]) alive[live++] = i;
    }
    memset(lengths, 0, symbols);
    if (live == 1) lengths[alive[0]] = 1;
    const int used = live;
    int leaves[symbols];
    memcpy(leaves, alive, (size_t)used * sizeof *leaves);
    while (live > 1) {
      int a = 0, b = 1;
      if (weight[alive[b]] < weight[alive[a]]) a = 1, b = 0;
      for (int i = 2; i < live; ++i) {
        if (weight[alive[i]] < weight[alive[a]]) {
          b = a;
          a = i;
        } else if (weight[alive[i]] < weight[alive[b]]) {
          b = i;
        }
      }
      weight[next] = weight[alive[a]] + weight[alive[b]];
      parent[alive[a]] = parent[alive[b]] = next;
      alive[a < b ? a : b] = next++;
      alive[a < b ? b : a] = alive[--live];
    }
    int deepest = 0;
    for (int i = 0; used > 1 && i < used; ++i) {
      int depth = 0;
      for (int n = leaves[i]; n != next - 1; n = parent[n]) ++depth;
      lengths[leaves[i]] = (uint8_t)depth;
      if (depth > deepest) deepest = depth;
    }
    if (deepest <= longest_code) return;
    for (int i = 0; i < symbols; ++i)
      if (scaled[i]) scaled[i] = scaled[i] / 2 + 1;
  }
}

static void canonical_codes(const uint8_t* lengths, uint32_t* codes) {
  uint32_t code = 0;
  for (int length = 1; length <= longest_code; ++length, code <<= 1)
    for (int i = 0; i < symbols; ++i)
      if (lengths[i] == length) codes[i] = code++;
}

typedef struct {
  bytes* out;
  uint64_t bits;
  int count;
} bit_writer;

static void write_bits(bit_writer* w, uint32_t value, int count) {
  w->bits = w->bits << count | value;
  w->count += count;
  while (w->count >= 8) {
    w->count -= 8;
    put(w->out, (uint8_t)(w->bits >> w->count));
  }
}

static bytes compress(const uint8_t* in, size_t size) {
  bytes out = {0};
  tokens t = find_matches(in, size);
  uint32_t counts[symbols] = {0}, codes[symbols] = {0};
  uint8_t lengths[symbols];
  for (size_t i = 0; i < t.size; ++i) ++counts[t.data[i].symbol];
  code_lengths(counts, lengths);
  canonical_codes(lengths, codes);
  for (int i = 0; i < 4; ++i) put(&out, (uint8_t)(size >> 8 * i));
  for (int i = 0; i < symbols; ++i) put(&out, lengths[i]);
  bit_writer w = {&out, 0, 0};
  for (size_t i = 0; i < t.size; ++i) {
    write_bits(&w, codes[t.data[i].symbol], lengths[t.data[i].symbol]);
    if (t.data[i].symbol >= 256) write_bits(&w, t.data[i].distance, 15);
  }
  write_bits(&w, 0, 7);
  free(t.data);
  return out;
}

typedef struct {
  const uint8_t *at, *end;
  uint32_t bits;
  int count;
} bit_reader;

static uint32_t read_bit(bit_reader* r) {
  if (r->count == 0) {
    r->bits = r->at < r->end ? *r->at++ : 0;
    r->count = 8;
  }
  return r->bits >> --r->count & 1;
}

// Canonical decoding: per length the first code, and where its symbols start in the list sorted by length.
static bytes restore(const uint8_t* in, size_t size) {
  bytes out = {0};
  if (size < 4 + symbols) exit(4);
  size_t left = in[0] | (size_t)in[1] << 8 | (size_t)in[2] << 16 | (size_t)in[3] << 24;
  const uint8_t* lengths = in + 4;
  uint16_t sorted[symbols];
  uint32_t first[longest_code + 2], start[longest_code + 2], code = 0, n = 0;
  for (int length = 1; length <= longest_code; ++length, code <<= 1) {
    first[length] = code;
    start[length] = n;
    for (int i = 0; i < symbols; ++i)
      if (lengths[i] == length) {
        sorted[n++] = (uint16_t)i;
        ++code;
      }
    first[length + 1] = code << 1;
    start[length + 1] = n;
  }
  bit_reader r = {in + 4 + symbols, in + size, 0, 0};
  while (out.size < left) {
    uint32_t c = 0;
    int length = 0;
    do {
      c = c << 1 | read_bit(&r);
      if (++length > longest_code) exit(4);
    } while (c - first[length] >= start[length + 1] - start[length]);
    const unsigned symbol = sorted[start[length] + c - first[length]];
    if (symbol < 256) {
      put(&out, (uint8_t)symbol);
      continue;
    }
    unsigned distance = 0;
    for (int i = 0; i < 15; ++i) distance = distance << 1 | read_bit(&r);
    if (distance == 0 || distance > out.size) exit(4);
    for (unsigned i = 0; i < symbol - 256 + shortest; ++i) put(&out, out.data[out.size - distance]);
  }
  return out;
}

static bytes read_file(const char* path) {
  bytes b = {0};
  FILE* f = fopen(path, "rb");
  if (!f) {
    fprintf(stderr, "squeeze: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  for (;;) {
    if (b.room - b.size < 65536) {
      b.room = b.room * 2 + 65536;
      b.data = realloc(b.data, b.room);
      if (!b.data) exit(3);
    }
    const size_t n = fread(b.data + b.size, 1, b.room - b.size, f);
    if (n == 0) break;
    b.size += n;
  }
  fclose(f);
  return b;
}

static uint32_t adler(const uint8_t* p, size_t n) {
  uint32_t a = 1, b = 0;
  for (size_t i = 0; i < n; ++i) {
    a = (a + p[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: squeeze FILE...\n");
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    bytes in = read_file(argv[i]), packed = compress(in.data, in.size);
    char name[512];
    snprintf(name, sizeof name, "%s.squeezed", argv[i]);
    FILE* f = fopen(name, "wb");
    if (!f || fwrite(packed.data, 1, packed.size, f) != packed.size || fclose(f) != 0) {
      fprintf(stderr, "squeeze: %s: %s\n", name, strerror(errno));
      return 1;
    }
    bytes again = read_file(name), out = restore(again.data, again.size);
    const int same = out.size == in.size && (in.size == 0 || memcmp(out.data, in.data, in.size) == 0);
    printf("%s: %zu bytes -> %zu bytes (%.1f%%), adler32 %08x, %s\n", argv[i], in.size, packed.size,
           in.size ? 100.0 * (double)packed.size / (double)in.size : 0.0, (unsigned)adler(packed.data, packed.size), same ? "restored" : "DIFFERS");
    free(in.data), free(packed.data), free(again.data), free(out.data);
    if (!same) return 5;
  }
  return 0;
}
