/* The runtime's arithmetic: one decoding step and a batched prefill of a small transformer.
 *
 * The architecture is Qwen3's (RMSNorm, RoPE, QK-norm, grouped heads, SwiGLU), with match and n-gram features added
 * to the embedding. Weights are INT8 with a scale a row; activations, keys and values INT8 with a scale a token.
 *
 * One promise shapes every line: the same model, prompt and seed give the same characters at every optimisation
 * level, on every instruction set. Therefore
 *   - integer dot products are exact, in whatever order the compiler runs them;
 *   - floating sums run in LANES fixed partial sums, which a vector unit may take side by side;
 *   - exp, sin, cos and roots are ours, made of + - * / only; those and sqrt are exactly rounded by IEEE 754;
 *   - it is compiled with -ffp-contract=off and without -ffast-math.
 * A token's numbers never depend on the batch that it came in: reading 158 characters at once or one by one
 * leaves the same bits in the cache. No intrinsics, no threads, no allocation: native.py owns all memory. */
#include <math.h>

#include "exact.h"

#define LANES 16
#define BATCH 40 /* tokens that share one pass over the weights in prefill */
#define BLOCK 32 /* numbers of a value that are summed side by side */

/* How an activation is held. The integers are the same; what differs is which dot product the compiler finds:
 * u8 x s8 is one instruction with VNNI, s8 x s8 with ARM's dot product, s16 x s8 becomes pmaddwd elsewhere. */
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
typedef uint8_t act; typedef int16_t product; enum { ZERO = 128 };
#elif defined(__ARM_FEATURE_DOTPROD)
typedef int8_t act; typedef int16_t product; enum { ZERO = 0 };
#else
typedef int16_t act; typedef int32_t product; enum { ZERO = 0 };
#endif

enum { LETTER = 1, CAPITAL = 2, CONTROL = 4, SUMMARY = 8, TEXT = 16 }; /* kinds of ids */
typedef struct { const int8_t *w; const float *scale; int32_t *sum; int64_t rows, cols; } Matrix;
typedef struct { const float *norm, *q_norm, *k_norm, *mlp_norm; Matrix q, k, v, o, gate, up, down; } Layer;
typedef struct {
    int32_t vocab, dim, layers, heads, kv_heads, head_dim, hidden, window, match, pos;
    double theta, eps;
    const float *embed, *norm, *match_embed, *match_gate[3];
    const uint8_t *kind; /* [vocab] */
    Layer *layer;
    Matrix head, ngram;                 /* ngram: a table whose rows are added to the embedding, or no rows */
    int32_t word, text;                 /* where the current word began (-1: none); end of the summary slot */
    int16_t seen[3]; uint8_t bucket[3]; /* the last position's match features */
    uint8_t *ids;                       /* [window] what was read */
    uint16_t *run;                      /* [window] run[d]: how long the text now has repeated that of d ago */
    float *cos, *sin;                   /* [window, head_dim / 2] */
    int8_t *k8, *v8;                    /* [layers, kv_heads, window, head_dim], and BLOCK more */
    float *k_scale, *v_scale; int32_t *k_sum; /* [layers, kv_heads, window] */
    float *x, *y, *q, *k, *v, *g, *u;   /* [BATCH, as wide as each is] */
    act *a; float *a_scale;             /* [BATCH, widest], [BATCH]: quantised activations */
    float *score, *logits;              /* [window], [vocab] */
} Model;

/* ---- elementary functions ------------------------------------------------------------------------------- */
INLINE float total(const float *x, int n, int squared) {
    float s[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) s[j] += squared ? x[i + j] * x[i + j] : x[i + j];
    for (int j = 0; i + j < n; j++) s[j] += squared ? x[i + j] * x[i + j] : x[i + j];
    for (int half = LANES / 2; half; half /= 2)
        for (int j = 0; j < half; j++) s[j] += s[j + half];
    return s[0];
}

/* Bits are ordered as their floats are, once those of negative ones are turned round. `mask` may take the sign. */
INLINE float largest(const float *x, int n, int32_t mask) {
    int32_t best = INT32_MIN, bits;
    float found;
    for (int i = 0; i < n; i++) {
        memcpy(&bits, x + i, 4);
        bits = (bits & mask) ^ ((bits & mask) >> 31 & INT32_MAX);
        best = bits > best ? bits : best;
    }
    best ^= best >> 31 & INT32_MAX;
    memcpy(&found, &best, 4);
    return found;
}

static void rms_norm(const float *x, const float *w, float *y, int n, double eps) {
    float r = 1.0f / sqrtf(total(x, n, 1) / n + (float)eps);
    for (int i = 0; i < n; i++) y[i] = x[i] * r * w[i];
}

static float quantise(const float *x, act *restrict a, int n) { /* a = ZERO + round(x / scale); returns the scale */
    const float most = largest(x, n, INT32_MAX), scale = most > 0 ? most / 127.0f : 1.0f, inverse = 1.0f / scale;
    for (int i = 0; i < n; i++) a[i] = (act)((int32_t)round_(x[i] * inverse) + ZERO);
    return scale;
}

static float keep(const float *x, act *a, int8_t *restrict kept, int n) { /* quantised, by way of `a`; the scale */
    const float scale = quantise(x, a, n);
    for (int i = 0; i < n; i++) kept[i] = (int8_t)(a[i] - ZERO);
    return scale;
}

/* ---- matrices ------------------------------------------------------------------------------------------- */
/* y[t][r] = (a[t] . w[r]) a_scale[t] scale[r] for T tokens from `t` and R rows from `r`, `apart` from one another.
 * T and R are constants where it is called: what is left is T x R dot products that share what they load. A product
 * fits `product`, and saying so shows the compiler its instruction. */
INLINE void block(const Matrix *m, const act *a, const float *a_scale, float *restrict y, int t, int64_t r,
                  int64_t apart, int T, int R) {
    const int64_t n = m->cols;
    const int8_t *w = m->w + r * n;
    const act *x = a + t * n;
    int32_t s[4][4] = {{0}};
    for (int64_t i = 0; i < n; i++)
        for (int u = 0; u < T; u++)
            for (int v = 0; v < R; v++) s[u][v] += (product)(x[u * n + i] * w[v * apart * n + i]);
    for (int u = 0; u < T; u++)
        for (int v = 0; v < R; v++) {
            const int64_t at = r + v * apart;
            y[(t + u) * m->rows + at] = (float)(s[u][v] - ZERO * m->sum[at]) * (a_scale[t + u] * m->scale[at]);
        }
}

API void mm_sum_rows(const Matrix *m) { /* what ZERO adds to each dot product */
    for (int64_t r = 0; r < m->rows; r++) {
        int32_t sum = 0;
        for (int64_t i = 0; i < m->cols; i++) sum += m->w[r * m->cols + i];
        m->sum[r] = sum;
    }
}

/* One token: memory is the limit, and four far streams, each asked for one row ahead, get a third more of it than one
 * near one. Many tokens: blocks of 4 x 4. */
static void multiply(const Matrix *m, const act *a, const float *a_scale, int tokens, float *y) {
    const int64_t far = m->rows / 4;
    int64_t r = 0;
    for (; r < far && tokens == 1; r++) {
        for (int v = 0; v < 4; v++)
            for (int64_t i = 0; i < m->cols; i += 64) __builtin_prefetch(m->w + (r + 1 + v * far) * m->cols + i);
        block(m, a, a_scale, y, 0, r, far, 1, 4);
    }
    for (r *= 4; r + 4 <= m->rows; r += 4) {
        int t = 0;
        for (; t + 4 <= tokens; t += 4) block(m, a, a_scale, y, t, r, 1, 4, 4);
        for (; t < tokens; t++) block(m, a, a_scale, y, t, r, 1, 1, 4);
    }
    for (; r < m->rows; r++)
        for (int t = 0; t < tokens; t++) block(m, a, a_scale, y, t, r, 1, 1, 1);
}

static void normalise(Model *m, const float *w, int tokens) { /* m->x, to m->a */
    for (int t = 0; t < tokens; t++) {
        rms_norm(m->x + t * m->dim, w, m->y, m->dim, m->eps);
        m->a_scale[t] = quantise(m->y, m->a + t * m->dim, m->dim);
    }
}

static void add_product(Model *m, const Matrix *w, const float *x, int tokens) { /* m->x += w x */
    for (int t = 0; t < tokens; t++) m->a_scale[t] = quantise(x + t * w->cols, m->a + t * w->cols, (int)w->cols);
    multiply(w, m->a, m->a_scale, tokens, m->y);
    for (int64_t i = 0; i < tokens * w->rows; i++) m->x[i] += m->y[i];
}

/* ---- the input: an embedding, and what match and n-gram features add (memory/match.py, ngram.py) ------------ */
static void match(Model *m, int t) {
    const uint8_t *ids = m->ids, *kind = m->kind;
    uint16_t *run = m->run;
    int c = ids[t], control = kind[c] & CONTROL, in_slot = kind[ids[0]] & SUMMARY, best = 0, found = 0;
    for (int d = 1; d <= t; d++) run[d] = ids[t - d] == c && !control ? run[d] + 1 : 0;
    m->seen[0] = m->seen[1] = m->seen[2] = -1;
    m->bucket[0] = m->bucket[1] = m->bucket[2] = 0;
    if (kind[c] & TEXT && m->text < 0) m->text = t;
    m->word = !(kind[c] & LETTER) ? -1 : m->word < 0 ? t : m->word;
    for (int d = 1; d <= t; d++)
        if (run[d] > best) best = run[d], m->seen[0] = ids[t - d + 1];
    if (best) m->bucket[0] = best <= 5 ? best - 1 : best <= 7 ? 5 : best <= 11 ? 6 : 7;
    if (m->word < 0) return;
    for (int d = 1, w, n = t - m->word + 1; (w = m->word - d) >= 0 && found < 2; d++) {
        /* w: where an earlier word with this prefix of n letters would begin */
        if (run[d] < n || (w > 0 && kind[ids[w - 1]] & LETTER) || (found && ids[w + n] == m->seen[1])) continue;
        m->seen[++found] = ids[w + n];
        m->bucket[found] = (n < 4 ? n : 4) - 1 + (kind[ids[w]] & CAPITAL ? 4 : 0);
        if (in_slot && (m->text < 0 || w < m->text)) m->bucket[found] += 8;
    }
}

static void embed(Model *m, int t, float *x) {
    uint64_t key = m->ids[t];
    memcpy(x, m->embed + (int64_t)m->ids[t] * m->dim, m->dim * sizeof *x);
    for (int k = 0; m->match && k < 3; k++)
        for (int i = 0; i < m->dim && m->seen[k] >= 0; i++)
            x[i] += m->match_gate[k][m->bucket[k] * m->dim + i] * m->match_embed[m->seen[k] * m->dim + i];
    for (int n = 2; m->ngram.rows && n <= 6; n++) {
        key |= (uint64_t)(n <= t + 1 ? m->ids[t - n + 1] : 255) << 8 * (n - 1);
        uint64_t mixed = (key + ((uint64_t)n << 56)) * 0x9E3779B97F4A7C15u;
        int64_t row = (int64_t)((mixed >> 32) * (uint64_t)m->ngram.rows >> 32);
        for (int i = 0; i < m->dim; i++) x[i] += m->ngram.scale[row] * m->ngram.w[row * m->dim + i];
    }
}

/* ---- attention ------------------------------------------------------------------------------------------ */
static void place(const Model *m, float *x, const float *norm, int pos) { /* QK-norm, RoPE with halves */
    const int h = m->head_dim / 2;
    const float *c = m->cos + (int64_t)pos * h, *s = m->sin + (int64_t)pos * h;
    rms_norm(x, norm, x, m->head_dim, m->eps);
    for (int i = 0; i < h; i++) {
        float a = x[i], b = x[i + h];
        x[i] = a * c[i] - b * s[i];
        x[i + h] = b * c[i] + a * s[i];
    }
}

static void attend(Model *m, int64_t at, float *q, int seen) { /* one head over `seen` positions; the answer to q */
    const int n = m->head_dim;
    const int8_t *v = m->v8 + at * n;
    const Matrix keys = {m->k8 + at * n, m->k_scale + at, m->k_sum + at, seen, n};
    const float a_scale = quantise(q, m->a, n) / sqrtf((float)n);
    float *restrict p = m->score;
    multiply(&keys, m->a, &a_scale, 1, p);
    const float top = largest(p, seen, -1);
    for (int t = 0; t < seen; t++) p[t] = exp_(p[t] - top);
    const float share = 1.0f / total(p, seen, 0);
    for (int t = 0; t < seen; t++) p[t] *= share * m->v_scale[at + t];
    for (int i = 0; i < n; i += BLOCK) { /* values that stay in registers; every sum runs over t in order */
        float s[BLOCK] = {0};
        for (int t = 0; t < seen; t++)
            for (int j = 0; j < BLOCK; j++) s[j] += p[t] * v[t * n + i + j];
        memcpy(q + i, s, (n - i < BLOCK ? n - i : BLOCK) * sizeof *s);
    }
}

static void attention(Model *m, int l, int first, int tokens) { /* keeps all keys; asks from `first` on */
    const int H = m->head_dim;
    for (int t = 0; t < tokens; t++)
        for (int h = 0; h < m->kv_heads; h++) {
            const int64_t at = ((int64_t)l * m->kv_heads + h) * m->window + m->pos + t;
            float *k = m->k + (t * m->kv_heads + h) * H, *v = m->v + (t * m->kv_heads + h) * H;
            place(m, k, m->layer[l].k_norm, m->pos + t);
            m->k_scale[at] = keep(k, m->a, m->k8 + at * H, H);
            m->v_scale[at] = keep(v, m->a, m->v8 + at * H, H);
            mm_sum_rows(&(Matrix){m->k8 + at * H, 0, m->k_sum + at, 1, H});
        }
    for (int t = first; t < tokens; t++)
        for (int h = 0; h < m->heads; h++) {
            const int64_t at = ((int64_t)l * m->kv_heads + h / (m->heads / m->kv_heads)) * m->window;
            float *q = m->q + (t * m->heads + h) * H;
            place(m, q, m->layer[l].q_norm, m->pos + t);
            attend(m, at, q, m->pos + t + 1);
        }
}

/* ---- what Python calls ---------------------------------------------------------------------------------- */
API void mm_init(Model *m) { /* RoPE's angles: at position p pair i is turned by p theta^(-i/h) */
    const int h = m->head_dim / 2;
    double root = 1, angle = 1;
    for (int n = 0; n < 100; n++) { /* root = theta^(-1/h), by Newton's method */
        double power = 1;
        for (int i = 1; i < h; i++) power *= root;
        root -= (power * root - 1 / m->theta) / (h * power);
    }
    for (int i = 0; i < h; i++, angle *= root) {
        double turn[2] = {0, 0}, term = 1, c = 1, s = 0; /* cos and sin of one step, by Taylor; of p steps */
        for (int n = 0; n < 24; term *= angle / ++n) turn[n & 1] += n & 2 ? -term : term;
        for (int p = 0; p < m->window; p++) {
            const double last = c;
            m->cos[p * h + i] = (float)c, m->sin[p * h + i] = (float)s;
            c = c * turn[0] - s * turn[1], s = s * turn[0] + last * turn[1];
        }
    }
}

API void mm_rewind(Model *m, int pos) { /* only the first `pos` ids stay read */
    m->word = m->text = -1;
    memset(m->run, 0, m->window * sizeof *m->run);
    for (m->pos = 0; m->pos < pos; m->pos++) match(m, m->pos);
}

/* Reads `count` ids after what was read before, in batches. `all`, where given, gets the logits after each of them;
 * without it the last one's go to m->logits. -1: no room in the window. */
API int mm_read(Model *m, const uint8_t *ids, int count, float *all) {
    const int end = m->pos + count, width = m->heads * m->head_dim;
    if (count < 1 || end > m->window) return -1;
    for (int tokens, left; m->pos < end; m->pos += tokens, ids += tokens) {
        left = tokens = end - m->pos < BATCH ? end - m->pos : BATCH;
        memcpy(m->ids + m->pos, ids, tokens);
        for (int t = 0; t < tokens; t++) {
            match(m, m->pos + t);
            embed(m, m->pos + t, m->x + t * m->dim);
        }
        for (int l = 0; l < m->layers; l++) {
            const Layer *L = m->layer + l;
            normalise(m, L->norm, tokens);
            multiply(&L->q, m->a, m->a_scale, tokens, m->q);
            multiply(&L->k, m->a, m->a_scale, tokens, m->k);
            multiply(&L->v, m->a, m->a_scale, tokens, m->v);
            if (l == m->layers - 1 && !all) left = m->pos + tokens == end; /* nobody asks for the others' output */
            const int first = tokens - left;
            attention(m, l, first, tokens);
            if (first) memmove(m->x, m->x + first * m->dim, left * m->dim * sizeof(float));
            add_product(m, &L->o, m->q + first * width, left);
            normalise(m, L->mlp_norm, left);
            multiply(&L->gate, m->a, m->a_scale, left, m->g);
            multiply(&L->up, m->a, m->a_scale, left, m->u);
            for (int i = 0; i < left * m->hidden; i++) m->g[i] = m->g[i] / (1.0f + exp_(-m->g[i])) * m->u[i];
            add_product(m, &L->down, m->g, left);
        }
        normalise(m, m->norm, left);
        multiply(&m->head, m->a, m->a_scale, left, all ? all : m->logits);
        if (all) all += tokens * m->vocab;
    }
    return 0;
}
