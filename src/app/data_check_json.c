/* SPDX-License-Identifier: MIT */
#include "app/data_check_json.h"

#include "app/data_check_text.h"

/* Members and elements without memory make the whole fail: the functions below return NULL then, which json_set() takes. */
static json_value *whole_or_none(json_value *value, bool whole) {
    if (whole && value) return value;
    json_release(value);
    return NULL;
}

static bool set_count(json_value *map, const char *key, uint64_t count) {
    return json_set(map, key, json_new_integer((int64_t)count));
}

static json_value *counts_to_json(const size_t *counts, size_t count) {
    json_value *list = json_new_list();
    bool whole = list != NULL;
    for (size_t i = 0; i < count && whole; i++)
        whole = json_append(list, json_new_integer((int64_t)counts[i]));
    return whole_or_none(list, whole);
}

static json_value *picture_to_json(const struct data_findings *findings, uint32_t place) {
    const struct checked_picture *picture = &findings->data.pictures[place];
    json_value *map = json_new_map();
    bool whole = map && json_set(map, "part", json_new_text(picture_part_names[picture->part])) &&
                 json_set(map, "class", json_new_text(findings->data.class_names[picture->label]));
    if (picture->name) whole = whole && json_set(map, "path", json_new_text(picture->name));
    else whole = whole && set_count(map, "index", picture->number);
    return whole_or_none(map, whole);
}

static json_value *size_to_json(const struct data_findings *findings, uint32_t place) {
    const struct picture_facts *facts = findings->data.pictures[place].facts;
    json_value *map = picture_to_json(findings, place);
    return whole_or_none(map, map && set_count(map, "width", facts->width) && set_count(map, "height", facts->height));
}

static json_value *list_to_json(const struct data_findings *findings, const struct place_list *list) {
    json_value *out = json_new_list();
    bool whole = out != NULL;
    for (size_t i = 0; i < list->count && whole; i++) {
        const struct checked_picture *picture = &findings->data.pictures[list->items[i]];
        json_value *map = picture_to_json(findings, list->items[i]);
        const char *reason = picture->left_out ? picture->left_out : picture->facts->reason;
        if (reason && map && !json_set(map, "reason", json_new_text(reason))) map = whole_or_none(map, false);
        whole = json_append(out, map);
    }
    return whole_or_none(out, whole);
}

static json_value *groups_to_json(const struct data_findings *findings, const struct copy_groups *groups) {
    json_value *out = json_new_list();
    bool whole = out != NULL;
    for (size_t i = 0; i < groups->count && whole; i++) {
        const struct copy_group *group = &groups->items[i];
        json_value *map = json_new_map(), *members = json_new_list();
        bool made = map && members;
        for (size_t m = 0; m < group->count && made; m++)
            made = json_append(members, picture_to_json(findings, group->members[m]));
        made = json_set(map, "pictures", whole_or_none(members, made)) && made;
        made = made && json_set(map, "trains_and_judges", json_new_bool(group->leak)) &&
               json_set(map, "different_classes", json_new_bool(group->labels));
        whole = json_append(out, whole_or_none(map, made));
    }
    return whole_or_none(out, whole);
}

static json_value *capitals_to_json(const struct data_findings *findings) {
    json_value *out = json_new_list();
    bool whole = out != NULL;
    for (size_t i = 0; i + 1 < findings->capitals.count && whole; i += 2) {
        json_value *pair = json_new_list();
        const bool made = pair && json_append(pair, picture_to_json(findings, findings->capitals.items[i])) &&
                          json_append(pair, picture_to_json(findings, findings->capitals.items[i + 1]));
        whole = json_append(out, whole_or_none(pair, made));
    }
    return whole_or_none(out, whole);
}

static json_value *classes_to_json(const struct data_findings *findings) {
    json_value *out = json_new_list();
    bool whole = out != NULL;
    for (size_t i = 0; i < findings->data.classes && whole; i++)
        whole = json_append(out, json_new_text(findings->data.class_names[i]));
    return whole_or_none(out, whole);
}

static json_value *parts_to_json(const struct data_findings *findings) {
    json_value *out = json_new_map();
    bool whole = out != NULL;
    for (size_t i = 0; i < findings->part_count && whole; i++) {
        const struct findings_part *part = &findings->parts[i];
        json_value *map = json_new_map();
        const bool made = map && set_count(map, "pictures", part->pictures) && set_count(map, "used", part->used) &&
                          json_set(map, "class_counts", counts_to_json(part->class_counts, findings->data.classes));
        whole = json_set(out, part->name, whole_or_none(map, made));
    }
    return whole_or_none(out, whole);
}

static json_value *sizes_to_json(const struct data_findings *findings) {
    json_value *map = json_new_map();
    bool whole = map && json_set(map, "smallest", size_to_json(findings, findings->smallest)) &&
                 json_set(map, "largest", size_to_json(findings, findings->largest)) &&
                 json_set(map, "narrowest", size_to_json(findings, findings->narrowest)) &&
                 json_set(map, "widest", size_to_json(findings, findings->widest));
    whole = whole && set_count(map, "median_width", findings->median_width) &&
            set_count(map, "median_height", findings->median_height) &&
            json_set(map, "median_aspect", json_new_real(findings->median_aspect));
    return whole_or_none(map, whole);
}

static json_value *formats_to_json(const struct data_findings *findings) {
    json_value *map = json_new_map();
    bool whole = map != NULL;
    for (size_t format = 0; format < FINDINGS_FORMATS && whole; format++)
        if (findings->formats[format] > 0 && picture_format_name(format))
            whole = set_count(map, picture_format_name(format), findings->formats[format]);
    return whole_or_none(map, whole);
}

static json_value *junk_to_json(const struct data_findings *findings) {
    json_value *map = json_new_map();
    bool whole = map != NULL;
    for (size_t i = 0; i < findings->data.junk_kinds && whole; i++)
        whole = set_count(map, findings->data.junk[i].kind, findings->data.junk[i].count);
    return whole_or_none(map, whole);
}

json_value *data_findings_to_json(const struct data_findings *findings) {
    json_value *map = json_new_map();
    bool whole = map && json_set(map, "name", json_new_text(findings->data.name)) &&
                 set_count(map, "pictures", findings->data.count) && set_count(map, "bytes", findings->file_bytes) &&
                 json_set(map, "class_names", classes_to_json(findings)) &&
                 json_set(map, "parts", parts_to_json(findings)) &&
                 json_set(map, "imbalance", json_new_real(data_findings_imbalance(findings))) &&
                 json_set(map, "few", counts_to_json(findings->few, findings->few_count));
    if (findings->sound > 0) whole = whole && json_set(map, "sizes", sizes_to_json(findings));
    whole = whole && json_set(map, "formats", formats_to_json(findings)) &&
            set_count(map, "colour", findings->colour) && set_count(map, "grey", findings->grey) &&
            json_set(map, "unreadable", list_to_json(findings, &findings->faulty)) &&
            json_set(map, "left_out", list_to_json(findings, &findings->left_out)) &&
            json_set(map, "blank", list_to_json(findings, &findings->blank)) &&
            json_set(map, "tiny", list_to_json(findings, &findings->tiny)) &&
            json_set(map, "same_pixels", groups_to_json(findings, &findings->exact)) &&
            json_set(map, "copies", groups_to_json(findings, &findings->near)) &&
            json_set(map, "capitals", capitals_to_json(findings)) &&
            json_set(map, "passed_over", junk_to_json(findings)) &&
            set_count(map, "worth_a_look", data_findings_count(findings)) &&
            json_set(map, "stops", findings->stops ? json_new_text(findings->stops) : json_new_null());
    return whole_or_none(map, whole);
}
