// Stands in for lz4.h where Verilator writes FST files: the LZ4 block format with nothing compressed in it.
//
// A block may be one run of literals: a token, the run's length, the bytes (LZ4 block format, end-of-block rules). So
// waves need no library beside the compiler; the files are larger than with the real one, and as valid.
#ifndef HWCODESIGN_LZ4_H
#define HWCODESIGN_LZ4_H

#include <cstring>

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

inline int LZ4_compress_default(const char* source, char* target, int size, int capacity) {
    if (capacity < LZ4_compressBound(size)) return 0;
    char* out = target;
    *out++ = static_cast<char>((size < 15 ? size : 15) << 4);
    if (size >= 15) {
        int rest = size - 15;
        for (; rest >= 255; rest -= 255) *out++ = static_cast<char>(255);
        *out++ = static_cast<char>(rest);
    }
    std::memcpy(out, source, size);
    return static_cast<int>(out - target) + size;
}

#endif
