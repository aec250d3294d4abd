/* Reads `bytes` from `data` as eight far streams and returns their sum: as fast as one core can. */
#include <stdint.h>
uint64_t read_all(const uint64_t *data, int64_t bytes) {
    int64_t n = bytes / 64;
    uint64_t s = 0;
    for (int64_t i = 0; i + 8 <= n; i += 8)
        for (int64_t j = i; j < i + 8; j++)
            s += data[j] + data[j + n] + data[j + 2 * n] + data[j + 3 * n] + data[j + 4 * n] + data[j + 5 * n] +
                 data[j + 6 * n] + data[j + 7 * n];
    return s;
}
