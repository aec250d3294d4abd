/* What kernel.c and sampler.c share: arithmetic that has the same bits on every machine. */
#pragma once
#include <stdint.h>
#include <string.h>

#if __FLT_EVAL_METHOD__ != 0
#error "floating point with excess precision (x87) would change the text"
#endif

#define API __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

INLINE float round_(float v) { return v + 12582912.0f - 12582912.0f; } /* 1.5 * 2^23: what is added rounds */

INLINE float exp_(float x) { /* relative error below 3e-7 between -87 and 88, clamped outside */
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float n = round_(x * 1.44269504f), r = x - n * 0.693359375f + n * 2.12194440e-4f, p = 1.98756915e-4f, two_n;
    p = p * r + 1.39819995e-3f;
    p = p * r + 8.33345191e-3f;
    p = p * r + 4.16657958e-2f;
    p = p * r + 1.66666655e-1f;
    p = p * r + 0.5f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)n + 127) << 23;
    memcpy(&two_n, &bits, 4);
    return p * two_n;
}
