// Everything of zlib that works without threads: streams of every level, strategy and window, whole and in pieces, with dictionaries and
// flushes, and files. Prints checksums of what is compressed and whether it comes back.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { size = 200000 };
static unsigned char original[size], packed[size + size / 8 + 1024], restored[size];

// Words, runs, numbers and noise, from a generator of our own.
static void fill(unsigned seed) {
  static const char* const words[] = {"the ", "stream ", "of ", "bytes ", "is ", "compressed, ", "and ", "again\n"};
  size_t at = 0;
  while (at < size) {
    seed = seed * 1664525u + 1013904223u;
    const unsigned choice = seed >> 28, length = (seed >> 16 & 63) + 1;
    for (unsigned i = 0; i < length && at < size; ++i) {
      if (choice < 8) original[at++] = (unsigned char)words[choice][i % strlen(words[choice])];
      else if (choice < 12) original[at++] = (unsigned char)(seed >> 8);
      else seed = seed * 1664525u + 1013904223u, original[at++] = (unsigned char)(seed >> 24);
    }
  }
}

static void check(const char* what, int code, int expected) {
  if (code == expected) return;
  printf("%s: %d instead of %d\n", what, code, expected);
  exit(1);
}

static uLong pack(int level, int method_bits, int strategy, size_t piece, int flush, const char* dictionary) {
  z_stream s = {0};
  check("deflateInit2", deflateInit2(&s, level, Z_DEFLATED, method_bits, 1 + level % 9, strategy), Z_OK);
  if (dictionary) check("deflateSetDictionary", deflateSetDictionary(&s, (const Bytef*)dictionary, (uInt)strlen(dictionary)), Z_OK);
  s.next_out = packed, s.avail_out = sizeof packed;
  for (size_t at = 0; at < size; at += piece) {
    s.next_in = original + at, s.avail_in = (uInt)(size - at < piece ? size - at : piece);
    check("deflate", deflate(&s, flush), Z_OK);
  }
  check("deflate at the end", deflate(&s, Z_FINISH), Z_STREAM_END);
  const uLong made = s.total_out;
  check("deflateEnd", deflateEnd(&s), Z_OK);
  return made;
}

static void unpack(uLong made, int method_bits, size_t piece, const char* dictionary) {
  z_stream s = {0};
  int code = Z_OK;
  memset(restored, 0, size);
  check("inflateInit2", inflateInit2(&s, method_bits), Z_OK);
  if (dictionary && method_bits < 0) check("inflateSetDictionary", inflateSetDictionary(&s, (const Bytef*)dictionary, (uInt)strlen(dictionary)), Z_OK);
  s.next_out = restored, s.next_in = packed;
  while (code != Z_STREAM_END) {
    if (s.avail_in == 0) s.avail_in = (uInt)(made - s.total_in < piece ? made - s.total_in : piece);
    s.avail_out = (uInt)(size - s.total_out < piece * 3 ? size - s.total_out : piece * 3);
    code = inflate(&s, Z_SYNC_FLUSH);
    if (code == Z_NEED_DICT) code = inflateSetDictionary(&s, (const Bytef*)dictionary, (uInt)strlen(dictionary));
    if (code != Z_STREAM_END && code != Z_BUF_ERROR) check("inflate", code, Z_OK);
  }
  check("inflateEnd", inflateEnd(&s), Z_OK);
  check("what comes back", memcmp(original, restored, size), 0);
}

static void streams(void) {
  static const int bits[] = {15, -15, 31, 9, -9, 28}, flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK};
  for (int level = 0; level <= 9; ++level)
    for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; ++strategy) {
      const int n = level * 5 + strategy, window = bits[n % 6];
      const char* dictionary = n % 3 == 0 && window < 16 ? "compressed, stream of bytes again\nthe " : NULL;
      fill((unsigned)n);
      const uLong made = pack(level, window, strategy, 777 + 5000 * (size_t)(n % 7), flushes[n % 4], dictionary);
      printf("level %d, strategy %d, window %d: %lu bytes, crc %08lx, adler %08lx\n", level, strategy, window, made, crc32(0, packed, (uInt)made), adler32(1, packed, (uInt)made));
      unpack(made, window, n % 4 == 0 ? 1 : 100 + 1000 * (size_t)(n % 5), dictionary);
    }
}

static void checksums(void) {
  fill(77);
  uLong crc = 0, adler = 1;
  for (size_t at = 0, n = 1; at + n < size; at += n, n = n * 3 % 1009 + 1) {
    crc = crc32(crc, original + at, (uInt)n), adler = adler32(adler, original + at, (uInt)n);
    if (n % 5 == 0) crc = crc32_combine(crc, crc32(0, original, (uInt)n), (z_off_t)n), adler = adler32_combine(adler, adler32(1, original, (uInt)n), (z_off_t)n);
  }
  printf("crc %08lx, adler %08lx\n", crc, adler);
}

// What is damaged must be refused, in the same way.
static void damage(void) {
  fill(5);
  for (unsigned n = 0; n < 200; ++n) {
    uLongf made = sizeof packed, back = size;
    check("compress2", compress2(packed, &made, original, 5000, (int)(n % 10)), Z_OK);
    packed[n * 7919 % made] ^= (unsigned char)(1u << n % 8);
    const int code = uncompress(restored, &back, packed, made);
    printf("%d %lu %08lx%s", code, (unsigned long)back, code == Z_OK || code == Z_DATA_ERROR ? crc32(0, restored, 64) : 0, n % 4 == 3 ? "\n" : "; ");
  }
}

static void files(const char* name) {
  gzFile f = gzopen(name, "wb6");
  if (!f) return check("gzopen to write", 0, 1);
  for (int i = 0; i < 2000; ++i) gzprintf(f, "%d %x %s %c\n", i * 31, i * i, i % 2 ? "odd" : "even", 'a' + i % 26);
  check("gzclose", gzclose(f), Z_OK);
  f = gzopen(name, "rb");
  char line[200];
  int lines = 0;
  uLong crc = 0;
  while (gzgets(f, line, sizeof line)) ++lines, crc = crc32(crc, (const Bytef*)line, (uInt)strlen(line));
  printf("%d lines, crc %08lx, end %d", lines, crc, gzeof(f));
  gzrewind(f);
  printf(", at %ld", (long)gzseek(f, 5000, SEEK_SET));
  printf(" %.20s\n", gzgets(f, line, sizeof line) ? line : "nothing");
  check("gzclose", gzclose(f), Z_OK);
  remove(name);
}

int main(int argc, char** argv) {
  streams();
  checksums();
  damage();
  if (argc > 1) files(argv[1]);
  return 0;
}
