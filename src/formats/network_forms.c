/* SPDX-License-Identifier: MIT */
/* The forms there are. Apart from network_file.c, so that who reads fewer links fewer libraries. */
#include "formats/keras_archive.h"
#include "formats/keras_hdf5.h"
#include "formats/model_file.h"
#include "formats/tfjs.h"

static const struct network_form forms[] = {
    {FILE_FORMAT_SAFETENSORS, WEIGHT_FILE_LIMIT, model_file_read},
    {FILE_FORMAT_HDF5, WEIGHT_FILE_LIMIT, keras_hdf5_read},
    {FILE_FORMAT_KERAS, WEIGHT_FILE_LIMIT, keras_archive_read},
    {FILE_FORMAT_TFJS, TFJS_JSON_LIMIT, tfjs_read},
    {FILE_FORMAT_JSON, TFJS_JSON_LIMIT, tfjs_read}, /* whose manifest may stand far from its start */
    {0},
};
const struct network_forms network_forms_all = {
    "a network or weights: .safetensors, Keras's .h5 or .keras, or a TensorFlow.js model.json", forms};
