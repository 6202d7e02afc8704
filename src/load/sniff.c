/* SPDX-License-Identifier: Apache-2.0 */
#include "load/sniff.h"

#include <string.h>

typedef struct mark {
    size_t at;
    const char *bytes;
    size_t n;
    const char *meaning;
} mark;

#define MARK(at, text, meaning) \
    { at, text, sizeof(text) - 1, meaning }

static const mark marks[] = {
    MARK(0, "version https://git-lfs", "this is a Git LFS pointer, not the file it stands for: run 'git lfs pull'"),
    MARK(4, "ORTM", "this is an ORT-format model; load the ONNX file it was made from"),
    MARK(4, "TFL3", "this is a TensorFlow Lite model; convert it to ONNX"),
    MARK(0, "PK\x03\x04", "this is a zip archive (PyTorch and Keras models are); export the model to ONNX"),
    MARK(0, "\x89HDF\r\n", "this is an HDF5 file (Keras models are); export the model to ONNX"),
    MARK(0, "\x80\x02", "this is a Python pickle; export the model to ONNX"),
    MARK(0, "\x80\x03", "this is a Python pickle; export the model to ONNX"),
    MARK(0, "\x80\x04", "this is a Python pickle; export the model to ONNX"),
    MARK(0, "\x80\x05", "this is a Python pickle; export the model to ONNX"),
    MARK(0, "GGUF", "this is a GGUF model"),
    MARK(0, "\x1f\x8b", "this is compressed with gzip; unpack it first"),
    MARK(0, "\xfd\x37zXZ", "this is compressed with xz; unpack it first"),
    MARK(0, "\x28\xb5\x2f\xfd", "this is compressed with zstd; unpack it first"),
    MARK(0, "ir_version:", "this is an ONNX model as text; save it in the binary format"),
    MARK(0, "<?xml", "this is an XML file"),
    MARK(0, "<!DOCTYPE", "this is a web page: the download went wrong"),
    MARK(0, "<html", "this is a web page: the download went wrong"),
    MARK(0, "{", "this is a JSON file"),
};

const char *eml_load_sniff(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const mark *m = &marks[i];
        if (length >= m->at + m->n && memcmp(bytes + m->at, m->bytes, m->n) == 0) return m->meaning;
    }
    return NULL;
}
