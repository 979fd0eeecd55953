// Stands in for zlib.h where Verilator writes FST files: the zlib format (RFC 1950) with stored blocks (RFC 1951, 3.2.4).
//
// So waves need no library beside the compiler; the files are larger than with the real one, and as valid.
#ifndef HWCODESIGN_ZLIB_H
#define HWCODESIGN_ZLIB_H

#include <cstdint>
#include <cstring>

using uLong = unsigned long;
using uLongf = unsigned long;
using Bytef = unsigned char;

constexpr int Z_OK = 0;
constexpr int Z_BUF_ERROR = -5;
constexpr uLong kStoredBlock = 65535;  // the most that one stored block holds

inline uLong compressBound(uLong size) { return size + 5 * (size / kStoredBlock + 1) + 6; }

inline uint32_t adler32_of(const Bytef* data, uLong size) {
    uint32_t a = 1, b = 0;
    for (uLong i = 0; i < size; ++i) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return (b << 16) | a;
}

inline int compress2(Bytef* target, uLongf* capacity, const Bytef* source, uLong size, int) {
    if (*capacity < compressBound(size)) return Z_BUF_ERROR;
    Bytef* out = target;
    *out++ = 0x78;
    *out++ = 0x01;
    uLong done = 0;
    do {
        const uLong length = size - done < kStoredBlock ? size - done : kStoredBlock;
        *out++ = done + length == size;
        *out++ = length & 0xff;
        *out++ = length >> 8;
        *out++ = ~length & 0xff;
        *out++ = (~length >> 8) & 0xff;
        std::memcpy(out, source + done, length);
        out += length;
        done += length;
    } while (done < size);
    const uint32_t sum = adler32_of(source, size);
    for (int shift = 24; shift >= 0; shift -= 8) *out++ = (sum >> shift) & 0xff;
    *capacity = out - target;
    return Z_OK;
}

#endif
