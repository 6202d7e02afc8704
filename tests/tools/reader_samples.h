/* SPDX-License-Identifier: Apache-2.0 */
/* Files as numpy 2.4 (np.lib.format.write_array) and onnx 1.23 (SerializeToString) write them: the readers are tested
 * against other software's bytes, not their own. Each is a C string whose last byte is not part of the file. */
#ifndef EDGEML_TEST_READER_SAMPLES_H
#define EDGEML_TEST_READER_SAMPLES_H

static const char npy_f4[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }           "
    "                                               \x0a\x00\x00\xc0?\x00\x00\x00\xc0\x00\x00@@"
    "\x00\x00\x80@\x00\x00\xc0\x7f\x00\x00\x80\x7f";
static const char npy_f8_big_fortran[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }            "
    "                                               \x0a?\xf0\x00\x00\x00\x00\x00\x00@\x10\x00"
    "\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x00@\x14\x00\x00\x00\x00\x00\x00@\x08\x00\x00"
    "\x00\x00\x00\x00@\x18\x00\x00\x00\x00\x00\x00";
static const char npy_i2_version_2[] =
    "\x93NUMPY\x02\x00t\x00\x00\x00{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }     "
    "                                                     \x0a\xff\xff,\x01";
static const char npy_bool[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }             "
    "                                               \x0a\x01\x00";
static const char npy_scalar_i8[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (), }               "
    "                                               \x0a\xfb\xff\xff\xff\xff\xff\xff\xff";
static const char npy_unicode_version_3[] =
    "\x93NUMPY\x03\x00t\x00\x00\x00{'descr': '<U2', 'fortran_order': False, 'shape': (3,), }     "
    "                                                     \x0a"
    "a\x00\x00\x00\x00\x00\x00\x00"
    "\xe9\x00\x00\x00-N\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
static const char npy_unicode_big[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '>U2', 'fortran_order': False, 'shape': (2,), }             "
    "                                               \x0a\x00\x00\x00x\x00\x00\x00y\x00\x00\x00z"
    "\x00\x00\x00\x00";
static const char npy_bytes[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '|S4', 'fortran_order': False, 'shape': (2,), }             "
    "                                               \x0a"
    "ab\x00\x00"
    "abcd";
static const char npy_c8_big[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }             "
    "                                               \x0a?\x80\x00\x00@\x00\x00\x00";
static const char npy_f2[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }             "
    "                                               \x0a\x00"
    "8\xff{";
static const char npy_empty[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }           "
    "                                               \x0a";
static const char npy_fortran_3d[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }         "
    "                                               \x0a\x00\x0c\x04\x10\x08\x14\x01\x0d\x05\x11"
    "\x09\x15\x02\x0e\x06\x12\x0a\x16\x03\x0f\x07\x13\x0b\x17";
static const char npy_object[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (2,), }              "
    "                                               \x0a\x80\x04\x95\x90\x00\x00\x00\x00\x00\x00"
    "\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c"
    "\x07ndarray\x94\x93\x94K\x00\x85\x94"
    "C\x01"
    "b\x94\x87\x94R\x94(K\x01K\x02\x85\x94h\x03"
    "\x8c\x05"
    "dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff"
    "\xff\xff\xffJ\xff\xff\xff\xffK?t\x94"
    "b\x89]\x94(\x8c\x01"
    "a\x94K\x01"
    "et\x94"
    "b.";
static const char npy_record[] =
    "\x93NUMPY\x01\x00v\x00{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }    "
    "                                               \x0a\x00\x00\x00\x00";
static const char npy_date[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<M8[D]', 'fortran_order': False, 'shape': (1,), }          "
    "                                               \x0aVG\x00\x00\x00\x00\x00\x00";
static const char npy_v2[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '|V2', 'fortran_order': False, 'shape': (2,), }             "
    "                                               \x0a\x80?\x00@";
static const char pb_floats[] =
    "\x08\x02\x08\x02\x10\x01\"\x10\x00\x00\x80?\x00\x00\x00\xc0\x00\x00\x00?\x00\x00@@B\x01x";
static const char pb_raw_i64[] = "\x08\x01\x08\x02\x10\x07"
                                 "B\x01xJ\x10\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff"
                                 "\xff\xff\xff";
static const char pb_f16_in_int32[] = "\x08\x02\x10\x0a*\x05\x80p\x80\x80\x03"
                                      "B\x01h";
static const char pb_int4_in_int32[] = "\x08\x03\x10\x16*\x03\x81\x01\x07"
                                       "B\x01q";
static const char pb_strings[] = "\x08\x03\x10\x08"
                                 "2\x01"
                                 "a2\x00"
                                 "2\x03\xff\x00zB\x01s";
static const char pb_u64[] = "\x08\x01\x10\x0d"
                             "B\x01uZ\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
static const char pb_c128[] = "\x08\x01\x10\x0f"
                              "B\x01"
                              "cR\x10\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00"
                              "\xc0";
static const char pb_bool[] = "\x08\x02\x10\x09*\x02\x01\x00"
                              "B\x01"
                              "b";
static const char pb_scalar[] = "\x10\x0b"
                                "B\x01zR\x08\x00\x00\x00\x00\x00\x00\x04@";
static const char pb_sequence[] =
    "\x0a\x01s\x10\x01\x1a\x0e\x08\x02\x10\x06J\x08\x01\x00\x00\x00\x02\x00\x00\x00\x1a\x08\x10"
    "\x06J\x04\x03\x00\x00\x00";
static const char pb_optional_tensor[] = "\x0a\x01o\x10\x01\x1a\x0f\x10\x0b"
                                         "B\x01zR\x08\x00\x00\x00\x00\x00\x00\x04@";
static const char pb_optional_sequence[] =
    "\x0a\x01o\x10\x03*\x1f\x0a\x01s\x10\x01\x1a\x0e\x08\x02\x10\x06J\x08\x01\x00\x00\x00\x02\x00"
    "\x00\x00\x1a\x08\x10\x06J\x04\x03\x00\x00\x00";
static const char pb_optional_empty[] = "\x0a\x01o\x10\x00";
static const char pb_map[] = "\x0a\x01m\x10\x08\"\x02no\"\x03yes*\x16\x10\x01\x1a\x08\x10\x01J\x04\x00\x00\x80>\x1a\x08"
                             "\x10\x01J\x04\x00\x00@?";
static const char pb_maps[] =
    "\x10\x04"
    "2&\x0a\x01m\x10\x08\"\x02no\"\x03yes*\x16\x10\x01\x1a\x08\x10\x01J\x04\x00\x00"
    "\x80>\x1a\x08\x10\x01J\x04\x00\x00@?2&\x0a\x01m\x10\x08\"\x02no\"\x03yes*\x16\x10\x01\x1a"
    "\x08\x10\x01J\x04\x00\x00\x80>\x1a\x08\x10\x01J\x04\x00\x00@?";

#endif
