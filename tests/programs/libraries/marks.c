// What small processors are measured with: a list that is searched and sorted, matrices, a state machine, and a checksum of it all.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint16_t crc(uint16_t sum, uint32_t value, int bytes) {
  for (int i = 0; i < 8 * bytes; ++i, value >>= 1) sum = (uint16_t)((sum >> 1) ^ ((sum ^ value) & 1 ? 0xa001 : 0));
  return sum;
}
static uint32_t state_of_random = 1;
static uint16_t any(void) {
  state_of_random = state_of_random * 1664525u + 1013904223u;
  return (uint16_t)(state_of_random >> 16);
}

// ---- a list

struct item {
  int16_t key, index;
};
struct node {
  struct node *next;
  struct item *item;
};
typedef int (*order)(const struct item *, const struct item *, uint16_t *sum);

static int by_index(const struct item *a, const struct item *b, uint16_t *sum) {
  (void)sum;
  return a->index - b->index;
}
// Looks at keys through a checksum, so that comparing costs something.
static int by_key(const struct item *a, const struct item *b, uint16_t *sum) {
  const uint16_t x = crc(0, (uint16_t)a->key, 2), y = crc(0, (uint16_t)b->key, 2);
  *sum = crc(*sum, (uint32_t)x - y, 4);
  return x < y ? -1 : x > y;
}
static struct node *merge(struct node *a, struct node *b, order compare, uint16_t *sum) {
  struct node head = {NULL, NULL}, *last = &head;
  while (a && b) {
    struct node **first = compare(a->item, b->item, sum) <= 0 ? &a : &b;
    last = last->next = *first;
    *first = (*first)->next;
  }
  last->next = a ? a : b;
  return head.next;
}
static struct node *sorted(struct node *list, order compare, uint16_t *sum) {
  if (!list || !list->next) return list;
  struct node *middle = list;
  for (const struct node *end = list->next; end && end->next; end = end->next->next) middle = middle->next;
  struct node *const rest = middle->next;
  middle->next = NULL;
  return merge(sorted(list, compare, sum), sorted(rest, compare, sum), compare, sum);
}
static struct node *reversed(struct node *list) {
  struct node *done = NULL;
  while (list) {
    struct node *const next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}
static struct node *find(struct node *list, int16_t key) {
  while (list && (list->item->key & 0xff) != key) list = list->next;
  return list;
}
static uint16_t lists(uint16_t sum) {
  enum { length = 200 };
  struct node *list = NULL;
  for (int i = 0; i < length; ++i) {
    struct node *const n = malloc(sizeof *n);
    n->item = malloc(sizeof *n->item);
    n->item->key = (int16_t)any(), n->item->index = (int16_t)i;
    n->next = list, list = n;
  }
  for (int16_t key = 0; key < 20; ++key) {
    struct node *const found = find(list, key);
    list = reversed(list);
    sum = crc(sum, found ? (uint16_t)found->item->index : 0xffff, 2);
  }
  for (int round = 0; round < 2; ++round) {
    list = sorted(list, round ? by_index : by_key, &sum);
    for (const struct node *n = list; n; n = n->next) sum = crc(sum, (uint16_t)n->item->key, 2);
  }
  while (list) {
    struct node *const next = list->next;
    free(list->item), free(list);
    list = next;
  }
  return sum;
}

// ---- matrices

enum { size = 24 };
typedef int16_t matrix[size][size];

static uint16_t matrices(uint16_t sum) {
  static matrix a, b;
  static int32_t c[size][size];
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j) a[i][j] = (int16_t)any(), b[i][j] = (int16_t)(any() & 0xff);
  for (int bits = 0; bits < 2; ++bits) {
    for (int i = 0; i < size; ++i)
      for (int j = 0; j < size; ++j) {
        int32_t total = 0;
        for (int k = 0; k < size; ++k) {
          const int32_t product = a[i][k] * b[k][j];
          total += bits ? (product >> 2 & 0x0f) * (product >> 5 & 0x7f) : product;
        }
        c[i][j] = total;
      }
    int32_t previous = 0, clipped = 0;
    for (int i = 0; i < size; ++i)
      for (int j = 0; j < size; ++j) {
        clipped += c[i][j];
        if (clipped > 100000 || clipped < -100000) clipped = 0, sum = crc(sum, 10, 2);
        else sum = crc(sum, c[i][j] > previous, 1);
        previous = c[i][j];
        a[i][j] = (int16_t)(a[i][j] + (int16_t)c[i][j]);
      }
  }
  return sum;
}

// ---- a state machine that tells what kinds of numbers a text holds

enum state { start, invalid, sign, integer, fraction, exponent, exponent_sign, scientific, states };

static enum state after(enum state s, char c) {
  const int digit = c >= '0' && c <= '9';
  switch (s) {
    case start: return digit ? integer : c == '+' || c == '-' ? sign : c == '.' ? fraction : invalid;
    case sign: return digit ? integer : c == '.' ? fraction : invalid;
    case integer: return digit ? integer : c == '.' ? fraction : c == 'e' ? exponent : invalid;
    case fraction: return digit ? fraction : c == 'e' ? exponent : invalid;
    case exponent: return digit ? scientific : c == '+' || c == '-' ? exponent_sign : invalid;
    case exponent_sign: case scientific: return digit ? scientific : invalid;
    default: return s;
  }
}
static uint16_t machine(uint16_t sum) {
  static const char *const words[] = {"5012", "-1.5", "+35.54e7", ".1e-3", "T0.3e-1F", "-110.700", "1e", "5.500e+3", "12-4", ""};
  uint32_t ends[states] = {0}, transitions[states] = {0};
  for (int i = 0; i < 400; ++i) {
    enum state s = start;
    for (const char *c = words[any() % 10]; *c; ++c) {
      const enum state next = after(s, (char)(any() % 97 ? *c : *c ^ 3));
      transitions[next] += next != s;
      s = next;
    }
    ++ends[s];
  }
  for (int s = 0; s < states; ++s) sum = crc(crc(sum, ends[s], 4), transitions[s], 4);
  return sum;
}

int main(void) {
  uint16_t sum = 0;
  for (int round = 0; round < 200; ++round) {
    const uint16_t list = lists(sum), product = matrices(list), states_seen = machine(product);
    sum = states_seen;
    if (round % 10 == 0) printf("%3d: list %04x, matrix %04x, states %04x\n", round, list, product, states_seen);
  }
  printf("%04x\n", sum);
}
