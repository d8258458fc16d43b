/* SPDX-License-Identifier: MIT */
#include "formats/keras_network.h"

#include "base/json_parse.h"

#include <string.h>

ocellus_status keras_network_set(struct network_file *file, const char *path, const char *config, const char *version) {
    json_value *network, *whole;
    ocellus_status status;
    if (!config)
        return network_file_no_graph(
            file, fail(OCELLUS_BAD_CONTENT, "%s: weights without a network; train --weights takes them", path));
    if ((status = json_parse(config, strlen(config), path, &network)) != OCELLUS_OK)
        return network_file_no_graph(file, fail_within(status, "the network's JSON"));
    whole = json_new_map();
    bool good = json_set(whole, "model_config", network);
    if (version) good = json_set(whole, "keras_version", json_new_text(version)) && good;
    status = good ? network_file_set_graph(file, path, whole) : OCELLUS_IO;
    json_release(whole);
    return status;
}
