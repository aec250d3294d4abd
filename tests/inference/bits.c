/* A tiny model with made-up weights writes 150 ids and prints them with the bits of their logits: the same on every
 * machine, or a promise is broken. */
#include "kernel.c"
#include "sampler.c"
#include <stdio.h>
#include <stdlib.h>

static uint64_t drawn = 0;
static float number(void) { return (float)((int64_t)(mix(++drawn) >> 44) - (1 << 19)) / (float)(1 << 19); }

static float *floats(int64_t n, float centre, float width) {
    float *p = malloc(n * sizeof *p);
    for (int64_t i = 0; i < n; i++) p[i] = centre + width * number();
    return p;
}

static Matrix matrix(int64_t rows, int64_t cols) {
    int8_t *w = malloc(rows * cols);
    for (int64_t i = 0; i < rows * cols; i++) w[i] = (int8_t)(number() * 127);
    Matrix m = {w, floats(rows, 0.002f, 0.001f), malloc(rows * sizeof(int32_t)), rows, cols};
    mm_sum_rows(&m);
    return m;
}

int main(void) {
    enum { D = 72, H = 6, KV = 3, HD = 14, F = 100, LAYERS = 3, V = 170, W = 256 };
    static Layer layers[LAYERS];
    static uint8_t kind[V];
    Model m = {.vocab = V, .dim = D, .layers = LAYERS, .heads = H, .kv_heads = KV, .head_dim = HD, .hidden = F,
               .window = W, .match = 1, .theta = 10000, .eps = 1e-6, .layer = layers, .kind = kind};
    for (int i = 38; i < 90; i++) kind[i] = i < 64 ? 3 : 1;
    for (int i = 0; i < 4; i++) kind[i] = 4;
    kind[2] |= 8, kind[3] |= 16;
    m.embed = floats(V * D, 0, 1), m.norm = floats(D, 1, 0.3f), m.match_embed = floats(V * D, 0, 1);
    for (int k = 0; k < 3; k++) m.match_gate[k] = floats(16 * D, 1, 0.5f);
    for (int l = 0; l < LAYERS; l++) {
        layers[l] = (Layer){floats(D, 1, 0.3f), floats(HD, 1, 0.3f), floats(HD, 1, 0.3f), floats(D, 1, 0.3f),
                            matrix(H * HD, D), matrix(KV * HD, D), matrix(KV * HD, D), matrix(D, H * HD),
                            matrix(F, D), matrix(F, D), matrix(D, F)};
    }
    m.head = matrix(V, D);
#define NEW(name, count) m.name = calloc(count, sizeof *m.name)
    NEW(ids, W), NEW(run, W), NEW(cos, W * HD / 2), NEW(sin, W * HD / 2), NEW(score, W), NEW(logits, V);
    NEW(k8, LAYERS * KV * W * HD + BLOCK), NEW(v8, LAYERS * KV * W * HD + BLOCK);
    NEW(k_scale, LAYERS * KV * W), NEW(v_scale, LAYERS * KV * W), NEW(k_sum, LAYERS * KV * W);
    NEW(x, BATCH * D), NEW(y, BATCH * F), NEW(q, BATCH * H * HD), NEW(k, BATCH * KV * HD), NEW(v, BATCH * KV * HD);
    NEW(g, BATCH * F), NEW(u, BATCH * F), NEW(a, BATCH * F), NEW(a_scale, BATCH);
    mm_init(&m);
    mm_rewind(&m, 0);
    uint8_t prompt[100] = {2};
    for (int i = 1; i < 100; i++) prompt[i] = (uint8_t)(34 + mix(i) % 40);
    prompt[61] = 3;
    mm_read(&m, prompt, 100, 0);
    Settings s = {.temperature = 0.9f, .top_p = 0.95f, .min_p = 0.01f, .penalty = 1.3f, .top_k = 60,
                  .penalty_from = 4, .guard = 9, .seed = 77};
    for (int i = 0; i < 150; i++) {
        uint64_t hash = 0;
        for (int j = 0; j < V; j++) {
            uint32_t bits;
            memcpy(&bits, &m.logits[j], 4);
            hash = mix(hash ^ bits);
        }
        uint8_t next = (uint8_t)mm_sample(&s, m.logits, V, m.ids, m.run, m.pos, i);
        printf("%d %016llx\n", next, (unsigned long long)hash);
        mm_read(&m, &next, 1, 0);
    }
    return 0;
}
