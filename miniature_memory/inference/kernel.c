/* The runtime's arithmetic: one decoding step and a batched prefill of a small transformer, and its sampler.
 *
 * The architecture is Qwen3's (RMSNorm, RoPE, QK-norm, grouped heads, SwiGLU), with match and n-gram features added
 * to the embedding. Weights are INT8 with a scale a row; activations, keys and values INT8 with a scale a token.
 *
 * One promise shapes every line: the same model, prompt and seed give the same characters at every optimisation
 * level, on every instruction set. Therefore
 *   - integer dot products are exact, in whatever order the compiler runs them;
 *   - floating sums run in LANES fixed partial sums (`fold` joins them): a vector unit may compute them side
 *     by side, a plain one after another, and the bits are equal;
 *   - exp, sin, cos, log are ours, made of + - * / only; those and sqrt are exactly rounded by IEEE 754;
 *   - it is compiled with -ffp-contract=off and without -ffast-math.
 * A token's numbers never depend on the batch that it came in: reading 158 characters at once or one by one
 * leaves the same bits in the cache. No intrinsics, no threads, no allocation; the caller owns all memory. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floating point with excess precision (x87) would change the text"
#endif

#define LANES 16
#define BATCH 40 /* tokens that share one pass over the weights in prefill */
#define API __attribute__((visibility("default")))
#define INLINE inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

/* How an activation is held. The integers are the same; what differs is which dot product the compiler finds:
 * u8 x s8 is one instruction with VNNI, s8 x s8 with ARM's dot product, s16 x s8 becomes pmaddwd elsewhere. */
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
typedef uint8_t act;
#define ZERO 128
#elif defined(__ARM_FEATURE_DOTPROD)
typedef int8_t act;
#define ZERO 0
#else
typedef int16_t act;
#define ZERO 0
#endif

typedef struct { const int8_t *w; const float *scale; int32_t *sum; int64_t rows, cols; } Matrix;
typedef struct { const float *norm, *q_norm, *k_norm, *mlp_norm; Matrix q, k, v, o, gate, up, down; } Layer;
typedef struct {
    int32_t vocab, dim, layers, heads, kv_heads, head_dim, hidden, window, match, pos;
    double theta, eps;
    const float *embed, *norm, *match_embed, *match_gate[3];
    const uint8_t *kind; /* of each id: 1 letter, 2 capital, 4 control token, 8 SUMMARY, 16 TEXT */
    Layer *layer;
    Matrix head, ngram; /* ngram: a table whose rows are added to the embedding; none where it has no rows */
    /* state, all inside one buffer of mm_bytes() bytes */
    uint8_t *ids;                     /* [window] what was read */
    uint16_t *run;                    /* [window] run[d]: how long the text now has repeated that of d ago */
    int32_t word, text;               /* where the current word began (-1: none); end of the summary slot */
    int16_t seen[3]; uint8_t bucket[3]; /* the last position's match features */
    float *cos, *sin;                 /* [window, head_dim/2] */
    int8_t *k8, *v8;                  /* [layers, kv_heads, window, head_dim] */
    float *k_scale, *v_scale; int32_t *k_sum; /* [layers, kv_heads, window] */
    float *x, *y, *q, *k, *v, *g, *u, *score, *logits;
    float *a_scale; act *a;           /* a batch of quantised activations */
} Model;
typedef struct {
    float temperature, top_p, min_p, penalty;
    int32_t top_k, penalty_from, guard;
    uint64_t seed;
    float bias[256]; /* added to the logits: the caller's say about the next id */
    uint8_t banned[256];
} Settings;

/* ---- elementary functions ------------------------------------------------------------------------------- */
static inline float fold(const float *s) {
    float t[LANES / 2];
    for (int i = 0; i < LANES / 2; i++) t[i] = s[i] + s[i + LANES / 2];
    return ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7]));
}

static inline float exp_(float x) { /* relative error below 3e-7 between -87 and 88, clamped outside */
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float n = x * 1.44269504f + 12582912.0f - 12582912.0f; /* adding 1.5 * 2^23 rounds to an integer */
    float r = x - n * 0.693359375f + n * 2.12194440e-4f, p = 1.98756915e-4f;
    p = p * r + 1.39819995e-3f;
    p = p * r + 8.33345191e-3f;
    p = p * r + 4.16657958e-2f;
    p = p * r + 1.66666655e-1f;
    p = p * r + 0.5f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)n + 127) << 23;
    float two_n;
    memcpy(&two_n, &bits, 4);
    return p * two_n;
}

static double log_(double x) { /* of x >= 1, by halving and atanh's series */
    double n = 0, y, s = 0, t;
    for (; x > 1.5; x /= 2) n++;
    y = (x - 1) / (x + 1);
    t = y;
    for (int i = 1; i < 60; i += 2, t *= y * y) s += t / i;
    return 2 * s + n * 0.6931471805599453;
}

static double power(double e) { /* exp(e), in doubles: Taylor at e / 2^10, then squared ten times */
    double s = 1, t = 1;
    e /= 1024;
    for (int i = 1; i < 12; i++) s += t *= e / i;
    for (int i = 0; i < 10; i++) s *= s;
    return s;
}

static void sin_cos(double a, float *s, float *c) { /* a >= 0 and small (positions): reduce, then Taylor */
    double turns = (double)(int64_t)(a / 6.283185307179586 + 0.5), r = a - turns * 6.283185307179586;
    double st = r, ct = 1, ss = r, cs = 1;
    for (int i = 1; i < 16; i++) {
        ct *= -r * r / ((2 * i - 1) * (2 * i));
        st *= -r * r / ((2 * i) * (2 * i + 1));
        cs += ct;
        ss += st;
    }
    *s = (float)ss;
    *c = (float)cs;
}

/* ---- vectors and matrices ------------------------------------------------------------------------------- */
static void rms_norm(const float *x, const float *w, float *y, int n, float eps) {
    float s[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) s[j] += x[i + j] * x[i + j];
    for (int j = 0; i + j < n; j++) s[j] += x[i + j] * x[i + j];
    float r = 1.0f / sqrtf(fold(s) / n + eps);
    for (i = 0; i < n; i++) y[i] = x[i] * r * w[i];
}

static float largest(const float *x, int n, int absolute) { /* maxima have no order: lanes are for speed only */
    float s[LANES], best;
    int i = 0;
    for (int j = 0; j < LANES; j++) s[j] = absolute ? 0.0f : -3e38f;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            float v = absolute ? __builtin_fabsf(x[i + j]) : x[i + j];
            s[j] = v > s[j] ? v : s[j];
        }
    for (int j = 0; i + j < n; j++) {
        float v = absolute ? __builtin_fabsf(x[i + j]) : x[i + j];
        s[j] = v > s[j] ? v : s[j];
    }
    best = s[0];
    for (int j = 1; j < LANES; j++) best = s[j] > best ? s[j] : best;
    return best;
}

static inline float unit(float amax) { return amax > 0 ? amax / 127.0f : 1.0f; }
static inline float round_(float v) { return v + 12582912.0f - 12582912.0f; }

static float quantise(const float *x, act *a, int n) { /* a = ZERO + round(x / scale) */
    float scale = unit(largest(x, n, 1)), inverse = 1.0f / scale;
    for (int i = 0; i < n; i++) a[i] = (act)((int32_t)round_(x[i] * inverse) + ZERO);
    return scale;
}

/* y[t][r] = (a[t] . w[r]) a_scale[t] scale[r] for T tokens from `t` and R rows from `r`, `apart` from one another. The
 * sums are of integers, so the order of work is free. R and T are constants where it is called: all loops over them
 * are unrolled, and what is left is 16 dot products side by side that share what they load. */
#define DOT(from, to)                                                            \
    for (int64_t i = from; i < to; i++)                                          \
        UNROLL for (int u = 0; u < T; u++)                                       \
            UNROLL for (int v = 0; v < R; v++)                                   \
                s[u][v] += (int32_t)x[u * n + i] * (int32_t)w[v * apart * n + i];
static INLINE void block(const Matrix *m, const act *a, const float *a_scale, float *y, int64_t stride, int t,
                         int64_t r, int64_t apart, int T, int R) {
    const int64_t n = m->cols, whole = n / 64 * 64; /* the compiler need not think of remainders in the first loop */
    const int8_t *w = m->w + r * n;
    const act *x = a + t * n;
    int32_t s[4][4] = {{0}};
    DOT(0, whole)
    if (whole < n) DOT(whole, n)
    UNROLL for (int u = 0; u < T; u++)
        UNROLL for (int v = 0; v < R; v++) {
            const int64_t at = r + v * apart;
            y[(t + u) * stride + at] = (float)(s[u][v] - ZERO * m->sum[at]) * (a_scale[t + u] * m->scale[at]);
        }
}

/* One token: memory is the limit, and four far streams, each asked for one row ahead, get a third more of it than one
 * near one. Many tokens: blocks of 4 x 4. */
static void multiply(const Matrix *m, const act *a, const float *a_scale, int tokens, float *y, int64_t stride) {
    const int64_t far = m->rows / 4;
    int64_t r = 0;
    for (; r < far && tokens == 1; r++) {
        for (int v = 0; v < 4; v++)
            for (int64_t i = 0; i < m->cols; i += 64) __builtin_prefetch(m->w + (r + 1 + v * far) * m->cols + i);
        block(m, a, a_scale, y, stride, 0, r, far, 1, 4);
    }
    for (r *= 4; r + 4 <= m->rows; r += 4) {
        int t = 0;
        for (; t + 4 <= tokens; t += 4) block(m, a, a_scale, y, stride, t, r, 1, 4, 4);
        for (; t < tokens; t++) block(m, a, a_scale, y, stride, t, r, 1, 1, 4);
    }
    for (; r < m->rows; r++)
        for (int t = 0; t < tokens; t++) block(m, a, a_scale, y, stride, t, r, 1, 1, 1);
}

static void add_product(Model *m, const Matrix *w, const float *x, int64_t stride, int tokens) { /* m->x += w x */
    for (int t = 0; t < tokens; t++) m->a_scale[t] = quantise(x + t * stride, m->a + t * w->cols, (int)w->cols);
    multiply(w, m->a, m->a_scale, tokens, m->y, w->rows);
    for (int64_t i = 0; i < tokens * w->rows; i++) m->x[i] += m->y[i];
}

/* ---- match features: what followed the longest earlier match, and the latest words with this prefix ------ */
static void match(Model *m, int t) {
    const uint8_t *ids = m->ids, *kind = m->kind;
    uint16_t *run = m->run;
    int c = ids[t], control = kind[c] & 4, in_slot = kind[ids[0]] & 8, best = 0, n, found = 0;
    for (int d = 1; d <= t; d++) run[d] = ids[t - d] == c && !control ? run[d] + 1 : 0;
    m->seen[0] = m->seen[1] = m->seen[2] = -1;
    m->bucket[0] = m->bucket[1] = m->bucket[2] = 0;
    if ((kind[c] & 16) && m->text < 0) m->text = t;
    m->word = kind[c] & 1 ? (m->word < 0 ? t : m->word) : -1;
    for (int d = 1; d <= t; d++)
        if (run[d] > best) best = run[d], m->seen[0] = ids[t - d + 1];
    if (best) m->bucket[0] = best <= 5 ? best - 1 : best <= 7 ? 5 : best <= 11 ? 6 : 7;
    if (m->word < 0) return;
    n = t - m->word + 1;
    for (int d = 1; d <= t && found < 2; d++) {
        int w = t - d - n + 1; /* where an earlier word with this prefix would begin */
        if (w < 0) break;
        if (run[d] < n || (w > 0 && (kind[ids[w - 1]] & 1)) || (found && ids[w + n] == m->seen[1])) continue;
        found++;
        m->seen[found] = ids[w + n];
        m->bucket[found] = (n < 4 ? n : 4) - 1 + (kind[ids[w]] & 2 ? 4 : 0);
        if (in_slot && (m->text < 0 || w < m->text)) m->bucket[found] += 8;
    }
}

/* ---- n-gram features: a row for the last two ids, one for the last three, … (see memory/ngram.py) ---------- */
static void add_ngrams(const Model *m, int t, float *x) {
    uint64_t key = 0;
    for (int back = 0; m->ngram.rows && back < 6; back++) {
        key |= (uint64_t)(back <= t ? m->ids[t - back] : 255) << (8 * back);
        if (!back) continue;
        uint64_t mixed = (key + ((uint64_t)(back + 1) << 56)) * 0x9E3779B97F4A7C15u;
        int64_t row = (int64_t)((mixed >> 32) * (uint64_t)m->ngram.rows >> 32);
        for (int i = 0; i < m->dim; i++) x[i] += m->ngram.scale[row] * m->ngram.w[row * m->dim + i];
    }
}

/* ---- the network ---------------------------------------------------------------------------------------- */
static void rotate(const Model *m, float *x, int pos) { /* RoPE, halves not interleaved */
    int h = m->head_dim / 2;
    const float *c = m->cos + (int64_t)pos * h, *s = m->sin + (int64_t)pos * h;
    for (int i = 0; i < h; i++) {
        float a = x[i], b = x[i + h];
        x[i] = a * c[i] - b * s[i];
        x[i + h] = b * c[i] + a * s[i];
    }
}

static void remember(Model *m, int64_t at, const float *k, const float *v) { /* one head's key and value */
    int n = m->head_dim, sum = 0;
    int8_t *k8 = m->k8 + at * n, *v8 = m->v8 + at * n;
    float ks = unit(largest(k, n, 1)), vs = unit(largest(v, n, 1)), ki = 1.0f / ks, vi = 1.0f / vs;
    for (int i = 0; i < n; i++) k8[i] = (int8_t)round_(k[i] * ki), v8[i] = (int8_t)round_(v[i] * vi);
    for (int i = 0; i < n; i++) sum += k8[i];
    m->k_scale[at] = ks, m->v_scale[at] = vs, m->k_sum[at] = sum;
}

/* out = sum over t of p[t] v[t], in blocks of values that stay in registers; every sum runs over t in order. */
#define BLOCK 32
static void blend(const float *restrict p, const int8_t *restrict v, int seen, int n, float *restrict out) {
    int i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        float s[BLOCK] = {0};
        for (int t = 0; t < seen; t++)
            for (int j = 0; j < BLOCK; j++) s[j] += p[t] * v[t * n + i + j];
        memcpy(out + i, s, sizeof s);
    }
    for (; i < n; i++) {
        float s = 0;
        for (int t = 0; t < seen; t++) s += p[t] * v[t * n + i];
        out[i] = s;
    }
}

static void attend(Model *m, int64_t at, const float *q, int seen, float *out) { /* one head over `seen` positions */
    int n = m->head_dim, t = 0;
    float *p = m->score, a_scale = quantise(q, m->a, n) / sqrtf((float)n), sum[LANES] = {0}, top, total;
    const float *vs = m->v_scale + at;
    Matrix keys = {m->k8 + at * n, m->k_scale + at, m->k_sum + at, seen, n};
    multiply(&keys, m->a, &a_scale, 1, p, seen);
    top = largest(p, seen, 0);
    for (t = 0; t < seen; t++) p[t] = exp_(p[t] - top);
    for (t = 0; t + LANES <= seen; t += LANES)
        for (int j = 0; j < LANES; j++) sum[j] += p[t + j];
    for (int j = 0; t + j < seen; j++) sum[j] += p[t + j];
    total = 1.0f / fold(sum);
    for (t = 0; t < seen; t++) p[t] *= total * vs[t];
    blend(p, m->v8 + at * n, seen, n, out);
}

static void read_batch(Model *m, const uint8_t *ids, int tokens, float *logits, int every) {
    const int D = m->dim, H = m->head_dim, Q = m->heads * H, KV = m->kv_heads * H, F = m->hidden, pos = m->pos;
    const float eps = (float)m->eps;
    for (int t = 0; t < tokens; t++) {
        float *x = m->x + (int64_t)t * D;
        m->ids[pos + t] = ids[t];
        memcpy(x, m->embed + (int64_t)ids[t] * D, D * sizeof(float));
        match(m, pos + t);
        for (int k = 0; m->match && k < 3; k++)
            if (m->seen[k] >= 0) {
                const float *e = m->match_embed + (int64_t)m->seen[k] * D;
                const float *g = m->match_gate[k] + (int64_t)m->bucket[k] * D;
                for (int i = 0; i < D; i++) x[i] += g[i] * e[i];
            }
        add_ngrams(m, pos + t, x);
    }
    for (int l = 0; l < m->layers; l++) {
        const Layer *L = m->layer + l;
        for (int t = 0; t < tokens; t++) {
            rms_norm(m->x + t * D, L->norm, m->y, D, eps);
            m->a_scale[t] = quantise(m->y, m->a + t * D, D);
        }
        multiply(&L->q, m->a, m->a_scale, tokens, m->q, Q);
        multiply(&L->k, m->a, m->a_scale, tokens, m->k, KV);
        multiply(&L->v, m->a, m->a_scale, tokens, m->v, KV);
        for (int t = 0; t < tokens; t++)
            for (int h = 0; h < m->kv_heads; h++) {
                float *k = m->k + t * KV + h * H;
                rms_norm(k, L->k_norm, k, H, eps);
                rotate(m, k, pos + t);
                remember(m, ((int64_t)l * m->kv_heads + h) * m->window + pos + t, k, m->v + t * KV + h * H);
            }
        int first = 0;
        if (l == m->layers - 1 && !every) { /* the last layer's output matters at the last position only */
            if (!logits) break;
            first = tokens - 1;
            memmove(m->x, m->x + (int64_t)first * D, D * sizeof(float));
        }
        for (int t = first; t < tokens; t++)
            for (int h = 0; h < m->heads; h++) {
                float *q = m->q + t * Q + h * H;
                int64_t at = ((int64_t)l * m->kv_heads + h / (m->heads / m->kv_heads)) * m->window;
                rms_norm(q, L->q_norm, q, H, eps);
                rotate(m, q, pos + t);
                attend(m, at, q, pos + t + 1, m->y);
                memcpy(q, m->y, H * sizeof(float));
            }
        int left = tokens - first;
        add_product(m, &L->o, m->q + first * Q, Q, left);
        for (int t = 0; t < left; t++) {
            rms_norm(m->x + t * D, L->mlp_norm, m->y, D, eps);
            m->a_scale[t] = quantise(m->y, m->a + t * D, D);
        }
        multiply(&L->gate, m->a, m->a_scale, left, m->g, F);
        multiply(&L->up, m->a, m->a_scale, left, m->u, F);
        for (int i = 0; i < left * F; i++) m->g[i] = m->g[i] / (1.0f + exp_(-m->g[i])) * m->u[i];
        add_product(m, &L->down, m->g, F, left);
    }
    m->pos += tokens;
    for (int t = 0; logits && t < (every ? tokens : 1); t++) {
        rms_norm(m->x + t * D, m->norm, m->y, D, eps);
        m->a_scale[0] = quantise(m->y, m->a, D);
        multiply(&m->head, m->a, m->a_scale, 1, logits + (int64_t)t * m->vocab, m->vocab);
    }
}

/* ---- what Python calls ---------------------------------------------------------------------------------- */
static void *carve(uint8_t *base, int64_t *used, int64_t bytes) {
    void *p = base ? base + *used : 0;
    *used += (bytes + 63) / 64 * 64;
    return p;
}

static void sum_rows(const Matrix *m) { /* what ZERO adds to each dot product */
    for (int64_t r = 0; r < m->rows; r++) {
        int32_t s = 0;
        for (int64_t i = 0; i < m->cols; i++) s += m->w[r * m->cols + i];
        m->sum[r] = s;
    }
}

static int64_t lay_out(Model *m, uint8_t *base) {
    int64_t used = 0, W = m->window, Q = m->heads * m->head_dim, KV = m->kv_heads * m->head_dim, wide = m->dim;
    int64_t cells = (int64_t)m->layers * m->kv_heads * W;
    wide = m->hidden > wide ? m->hidden : wide;
    wide = Q > wide ? Q : wide;
#define TAKE(name, count) m->name = carve(base, &used, (int64_t)(count) * (int64_t)sizeof *m->name)
    TAKE(ids, W); TAKE(run, W); TAKE(cos, W * m->head_dim / 2); TAKE(sin, W * m->head_dim / 2);
    TAKE(k8, cells * m->head_dim); TAKE(v8, cells * m->head_dim);
    TAKE(k_scale, cells); TAKE(v_scale, cells); TAKE(k_sum, cells);
    TAKE(x, BATCH * m->dim); TAKE(y, BATCH * wide); TAKE(q, BATCH * Q); TAKE(k, BATCH * KV); TAKE(v, BATCH * KV);
    TAKE(g, BATCH * m->hidden); TAKE(u, BATCH * m->hidden); TAKE(score, W); TAKE(logits, m->vocab);
    TAKE(a_scale, BATCH); TAKE(a, BATCH * wide);
    for (int l = 0; l <= m->layers; l++) { /* the last turn is for the head */
        Layer *L = m->layer + l;
        Matrix *all[] = {&L->q, &L->k, &L->v, &L->o, &L->gate, &L->up, &L->down};
        if (l == m->layers) all[0] = &m->head;
        for (int i = 0; i < (l < m->layers ? 7 : 1); i++) {
            all[i]->sum = carve(base, &used, all[i]->rows * 4);
            if (base && ZERO) sum_rows(all[i]);
        }
    }
    return used;
}

API int64_t mm_bytes(Model *m) { return lay_out(m, 0); }

API void mm_reset(Model *m) {
    m->pos = 0;
    m->word = m->text = -1;
    memset(m->run, 0, m->window * sizeof *m->run);
}

API void mm_init(Model *m, void *buffer) {
    int h = m->head_dim / 2;
    lay_out(m, buffer);
    for (int i = 0; i < h; i++) {
        double frequency = power(-log_(m->theta) * i / h);
        for (int p = 0; p < m->window; p++) sin_cos(p * frequency, &m->sin[p * h + i], &m->cos[p * h + i]);
    }
    mm_reset(m);
}

/* Read `n` ids after what was read before: the logits after each of them go to `out`. -1: no room in the window. */
API int mm_read_all(Model *m, const uint8_t *ids, int n, float *out) {
    if (n < 1 || m->pos + n > m->window) return -1;
    for (int i = 0, c; i < n; i += c) {
        c = n - i < BATCH ? n - i : BATCH;
        float *logits = out ? out + (int64_t)i * m->vocab : i + c == n ? m->logits : 0;
        read_batch(m, ids + i, c, logits, out != 0);
    }
    return 0;
}

/* The same with the last one's logits alone, in m->logits. */
API int mm_read(Model *m, const uint8_t *ids, int n) { return mm_read_all(m, ids, n, 0); }

/* The same from the window's beginning. What is cached is a function of the ids up to there: where they are the same,
 * it stays. The last is always read, for its logits. */
API int mm_reread(Model *m, const uint8_t *ids, int n) {
    int same = 0, cached = m->pos;
    while (same < cached && same < n - 1 && m->ids[same] == ids[same]) same++;
    for (mm_reset(m); m->pos < same; m->pos++) match(m, m->pos);
    return mm_read(m, ids + same, n - same);
}

#define GOLDEN 0x9E3779B97F4A7C15ull
static uint64_t mix(uint64_t z) { /* the finaliser of Steele's SplitMix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

/* The next id from the last logits; sampler.py tells what the settings mean. Random number `counter` of stream
 * `seed` is a function of the two alone, so a story can be taken up at any character. */
API int mm_sample(const Model *m, const Settings *s, uint64_t counter) {
    float l[256], p[256], total = 0, kept = 0, draw;
    int order[256], count = 0, best = -1;
    uint8_t repeats[256] = {0}; /* 1: would continue a repetition, 2: one that is a loop by now */
    for (int d = 1; d < m->pos; d++) {
        int next = m->ids[m->pos - d];
        if (s->guard > 0 && m->run[d] >= s->guard) repeats[next] |= 2;
        if (s->penalty_from > 0 && m->run[d] >= s->penalty_from) repeats[next] |= 1;
    }
    for (int i = 0; i < m->vocab; i++) {
        l[i] = m->logits[i];
        if (repeats[i] & 1) l[i] = l[i] > 0 ? l[i] / s->penalty : l[i] * s->penalty;
        l[i] += s->bias[i];
        if (s->banned[i]) repeats[i] |= 2;
        if (!(repeats[i] & 2) && (best < 0 || l[i] > l[best])) best = i;
    }
    if (best < 0 || !(s->temperature > 0)) return best;
    for (int i = 0; i < m->vocab; i++) { /* the likelier first, of equals the lower id */
        int j = count;
        p[i] = exp_((l[i] - l[best]) / s->temperature);
        if ((repeats[i] & 2) || p[i] < s->min_p) continue;
        for (count++; j > 0 && l[i] > l[order[j - 1]]; j--) order[j] = order[j - 1];
        order[j] = i;
    }
    if (s->top_k > 0 && s->top_k < count) count = s->top_k;
    for (int i = 0; i < count; i++) total += p[order[i]];
    for (int i = 0; i < count; i++) {
        kept += p[order[i]];
        if (kept >= s->top_p * total) count = i + 1;
    }
    draw = (float)(mix(mix(s->seed + GOLDEN) ^ (counter * GOLDEN + 1)) >> 40) * 0x1p-24f * kept;
    for (int i = 0; i < count; i++) {
        draw -= p[order[i]];
        if (draw < 0) return order[i];
    }
    return order[count - 1];
}
