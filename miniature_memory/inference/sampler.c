/* The choice of the next character: sampler.py tells what the settings mean, portable.py does the same in numpy. */
#include "exact.h"

typedef struct {
    float temperature, top_p, min_p, penalty;
    int32_t top_k, penalty_from, guard;
    uint64_t seed;
    float bias[256]; /* added to the logits: the caller's say about the next id */
    uint8_t banned[256];
} Settings;

#define GOLDEN 0x9E3779B97F4A7C15ull
static uint64_t mix(uint64_t z) { /* the finaliser of Steele's SplitMix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

/* The next id from the last logits; sampler.py tells what the settings mean. Random number `counter` of stream
 * `seed` is a function of the two alone, so a story can be taken up at any character. */
API int mm_sample(const Settings *s, const float *logits, int vocab, const uint8_t *ids, const uint16_t *run, int read,
                  uint64_t counter) {
    float l[256], p[256], sum = 0, kept = 0, draw;
    int order[256], count = 0, best = -1;
    uint8_t repeats[256] = {0}; /* 1: would continue a repetition, 2: one that is a loop by now */
    for (int d = 1; d < read; d++) {
        int next = ids[read - d];
        if (s->guard > 0 && run[d] >= s->guard) repeats[next] |= 2;
        if (s->penalty_from > 0 && run[d] >= s->penalty_from) repeats[next] |= 1;
    }
    for (int i = 0; i < vocab; i++) {
        l[i] = logits[i];
        if (repeats[i] & 1) l[i] = l[i] > 0 ? l[i] / s->penalty : l[i] * s->penalty;
        l[i] += s->bias[i];
        if (s->banned[i]) repeats[i] |= 2;
        if (!(repeats[i] & 2) && (best < 0 || l[i] > l[best])) best = i;
    }
    if (best < 0 || !(s->temperature > 0)) return best;
    for (int i = 0; i < vocab; i++) { /* the likelier first, of equals the lower id */
        int j = count;
        p[i] = exp_((l[i] - l[best]) / s->temperature);
        if ((repeats[i] & 2) || p[i] < s->min_p) continue;
        for (count++; j > 0 && l[i] > l[order[j - 1]]; j--) order[j] = order[j - 1];
        order[j] = i;
    }
    if (s->top_k > 0 && s->top_k < count) count = s->top_k;
    for (int i = 0; i < count; i++) sum += p[order[i]];
    for (int i = 0; i < count; i++) {
        kept += p[order[i]];
        if (kept >= s->top_p * sum) count = i + 1;
    }
    draw = (float)(mix(mix(s->seed + GOLDEN) ^ (counter * GOLDEN + 1)) >> 40) * 0x1p-24f * kept;
    for (int i = 0; i < count; i++) {
        draw -= p[order[i]];
        if (draw < 0) return order[i];
    }
    return order[count - 1];
}
