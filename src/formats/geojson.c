/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The collection is cut into its features by brackets and quotes alone; then each feature, and what is around them, is
 * parsed by jansson, which refuses whatever is not JSON. So memory is needed for one feature at a time. */
#include "formats/geojson.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "tocsin/status.h"

struct reading {
    const char        *name, *property;
    struct fault_list *faults;
    struct geojson     shapes;
    size_t             room_features, room_rings, room_points;
    uint64_t           line;   /* where the feature begins */
    uint32_t           number; /* of the feature; 1 = first */
    uint32_t          *slots;  /* features by code */
    size_t             mask;
};

__attribute__((format(printf, 3, 4))) static int tell(struct reading *reading, const char *allowed, const char *format,
                                                      ...)
{
    char    found[FAULT_FOUND_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    struct fault_place place = { .file = reading->name, .line = reading->line };
    if (reading->number > 0)
        fault_add(reading->faults, place, allowed, "feature %" PRIu32 ": %s", reading->number, found);
    else
        fault_add(reading->faults, place, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- cutting ---- */

/* Skip a string whose opening quote is at `at`; returns what follows its closing quote, or size. */
static size_t skip_string(const char *bytes, size_t size, size_t at)
{
    for (at++; at < size; at++) {
        if (bytes[at] == '\\')
            at++;
        else if (bytes[at] == '"')
            return at + 1;
    }
    return size;
}

/* The end of the value in brackets that begins at `at`; size where it does not end. Too deep: *depth says so. */
static size_t skip_brackets(const char *bytes, size_t size, size_t at, unsigned *deepest)
{
    unsigned depth = 0;
    while (at < size) {
        char byte = bytes[at];
        if (byte == '"') {
            at = skip_string(bytes, size, at);
            continue;
        }
        at++;
        if (byte == '{' || byte == '[') {
            depth++;
            *deepest = depth > *deepest ? depth : *deepest;
        } else if ((byte == '}' || byte == ']') && --depth == 0) {
            return at;
        }
    }
    return size;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t skip_blanks(const char *bytes, size_t size, size_t at)
{
    while (at < size && is_blank(bytes[at]))
        at++;
    return at;
}

/* Where the array of "features" begins (its bracket), of the outermost object; size: nowhere. */
static size_t find_features(const char *bytes, size_t size)
{
    size_t at = skip_blanks(bytes, size, 0);
    if (at == size || bytes[at++] != '{')
        return size;
    while (at < size) {
        if (bytes[at] == '{' || bytes[at] == '[') {
            unsigned deepest = 0;
            at = skip_brackets(bytes, size, at, &deepest);
        } else if (bytes[at] != '"') {
            at++;
        } else {
            size_t end = skip_string(bytes, size, at), colon = skip_blanks(bytes, size, end);
            bool   named = end - at == 10 && memcmp(bytes + at, "\"features\"", 10) == 0;
            at = end;
            if (!named || colon == size || bytes[colon] != ':')
                continue;
            size_t value = skip_blanks(bytes, size, colon + 1);
            return value < size && bytes[value] == '[' ? value : size;
        }
    }
    return size;
}

/* ---- geometry ---- */

static int grow(void *array_pointer, size_t *room, size_t size)
{
    void **array = array_pointer, *larger = memory_resize(*array, *room == 0 ? 256 : 2 * *room, size);
    if (larger == NULL)
        return TOC_ERR_NO_MEMORY;
    *array = larger;
    *room = *room == 0 ? 256 : 2 * *room;
    return 0;
}

static int read_position(struct reading *reading, const json_t *position, struct geojson_point *point)
{
    const json_t *longitude = json_array_get(position, 0), *latitude = json_array_get(position, 1);
    double        x = json_number_value(longitude), y = json_number_value(latitude);
    if (!json_is_number(longitude) || !json_is_number(latitude) || json_array_size(position) > 4)
        return tell(reading, "longitude and latitude in degrees", "a position that is not two numbers");
    if (!(x >= -180 && x <= 180 && y >= -90 && y <= 90))
        return tell(reading, "longitude -180 … 180, latitude -90 … 90",
                    "the position [%.10g, %.10g] is not on the earth", x, y);
    *point = (struct geojson_point){ (int32_t) lround(x * 1e7), (int32_t) lround(y * 1e7) };
    return 0;
}

static bool same(struct geojson_point a, struct geojson_point b)
{
    return a.longitude == b.longitude && a.latitude == b.latitude;
}

static double turn(const struct geojson_point *points, uint32_t num)
{
    double sum = 0;
    for (uint32_t i = 1; i + 1 < num; i++) /* exact enough: the terms' errors are far below the area of 1 cm² */
        sum += ((double) points[i].longitude - points[0].longitude) *
                   ((double) points[i + 1].latitude - points[0].latitude) -
               ((double) points[i + 1].longitude - points[0].longitude) *
                   ((double) points[i].latitude - points[0].latitude);
    return sum;
}

static void reverse(struct geojson_point *points, uint32_t num)
{
    for (uint32_t i = 0; i < num / 2; i++) {
        struct geojson_point swap = points[i];
        points[i] = points[num - 1 - i];
        points[num - 1 - i] = swap;
    }
}

static int add_point(struct reading *reading, struct geojson_point point, uint32_t first_point)
{
    struct geojson *shapes = &reading->shapes;
    if (shapes->num_points > first_point && same(shapes->points[shapes->num_points - 1], point))
        return 0;
    if (shapes->num_points == GEOJSON_MAX_POINTS)
        return tell(reading, "at most 20000000", "more points than allowed");
    int ret =
        shapes->num_points == reading->room_points ? grow(&shapes->points, &reading->room_points, sizeof point) : 0;
    if (ret == 0)
        shapes->points[shapes->num_points++] = point;
    return ret;
}

static int end_ring(struct reading *reading, uint32_t first_point, bool hole)
{
    struct geojson             *shapes = &reading->shapes;
    struct geojson_ring         ring = { first_point, shapes->num_points - first_point, hole };
    const struct geojson_point *points = shapes->points + first_point;
    if (ring.num_points < 2 || !same(points[0], points[ring.num_points - 1]))
        return tell(reading, "a ring whose last position is its first", "a ring that does not end where it begins");
    ring.num_points--; /* the first again */
    shapes->num_points--;
    double sum = ring.num_points < 3 ? 0 : turn(points, ring.num_points);
    if (sum == 0)
        return tell(reading, NULL, "a ring without area");
    if ((sum > 0) == hole)
        reverse(shapes->points + first_point, ring.num_points);
    int ret = shapes->num_rings == reading->room_rings ? grow(&shapes->rings, &reading->room_rings, sizeof ring) : 0;
    if (ret == 0)
        shapes->rings[shapes->num_rings++] = ring;
    return ret;
}

static int read_ring(struct reading *reading, const json_t *positions, bool hole)
{
    uint32_t first_point = reading->shapes.num_points;
    int      ret = 0;
    if (!json_is_array(positions) || json_array_size(positions) < 4)
        return tell(reading, "at least four positions", "a ring with too few positions");
    for (size_t i = 0; i < json_array_size(positions) && ret == 0; i++) {
        struct geojson_point point = { 0, 0 };
        ret = read_position(reading, json_array_get(positions, i), &point);
        if (ret == 0)
            ret = add_point(reading, point, first_point);
    }
    return ret == 0 ? end_ring(reading, first_point, hole) : ret;
}

static int read_polygon(struct reading *reading, const json_t *rings)
{
    int ret = 0;
    if (!json_is_array(rings) || json_array_size(rings) == 0)
        return tell(reading, "an array of rings", "a polygon without rings");
    for (size_t i = 0; i < json_array_size(rings) && ret == 0; i++)
        ret = read_ring(reading, json_array_get(rings, i), i > 0);
    return ret;
}

static int read_geometry(struct reading *reading, const json_t *geometry)
{
    const char   *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    int           ret = 0;
    if (type != NULL && strcmp(type, "Polygon") == 0)
        return read_polygon(reading, coordinates);
    if (type == NULL || strcmp(type, "MultiPolygon") != 0)
        return tell(reading, "Polygon or MultiPolygon", "%s",
                    type == NULL ? "no geometry" : "another kind of geometry");
    if (!json_is_array(coordinates) || json_array_size(coordinates) == 0)
        return tell(reading, "an array of polygons", "a MultiPolygon without polygons");
    for (size_t i = 0; i < json_array_size(coordinates) && ret == 0; i++)
        ret = read_polygon(reading, json_array_get(coordinates, i));
    return ret;
}

/* ---- features ---- */

static int read_code(struct reading *reading, const json_t *feature, char code[GEOJSON_MAX_CODE + 1])
{
    const json_t *value = reading->property == NULL
                              ? json_object_get(feature, "id")
                              : json_object_get(json_object_get(feature, "properties"), reading->property);
    if (json_is_integer(value)) {
        snprintf(code, GEOJSON_MAX_CODE + 1, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return 0;
    }
    size_t size = json_string_length(value);
    if (!json_is_string(value) || size == 0 || size > GEOJSON_MAX_CODE || strlen(json_string_value(value)) != size)
        return tell(reading, "text of 1 … 40 bytes or a whole number", "no code in \"%s\"",
                    reading->property == NULL ? "id" : reading->property);
    memcpy(code, json_string_value(value), size + 1);
    return 0;
}

static size_t slot_of(const struct reading *reading, const char *code)
{
    size_t slot = (size_t) text_hash(code, strlen(code)) & reading->mask;
    while (reading->slots[slot] != 0 && strcmp(reading->shapes.features[reading->slots[slot] - 1].code, code) != 0)
        slot = (slot + 1) & reading->mask;
    return slot;
}

static int make_slots(struct reading *reading)
{
    size_t    num = reading->slots == NULL ? 1024 : 2 * (reading->mask + 1);
    uint32_t *slots = memory_array(num, sizeof *slots);
    if (slots == NULL)
        return TOC_ERR_NO_MEMORY;
    free(reading->slots);
    reading->slots = slots;
    reading->mask = num - 1;
    for (uint32_t i = 0; i < reading->shapes.num_features; i++)
        slots[slot_of(reading, reading->shapes.features[i].code)] = i + 1;
    return 0;
}

static int add_feature(struct reading *reading, const struct geojson_feature *feature)
{
    struct geojson *shapes = &reading->shapes;
    size_t          slot = slot_of(reading, feature->code);
    char            quoted[TEXT_QUOTE_BYTES];
    if (reading->slots[slot] != 0) {
        text_quote(feature->code, strlen(feature->code), quoted);
        return tell(reading, "one feature an area", "the code %s is that of line %" PRIu64 " too", quoted,
                    shapes->features[reading->slots[slot] - 1].line);
    }
    int ret = shapes->num_features == reading->room_features
                  ? grow(&shapes->features, &reading->room_features, sizeof *feature)
                  : 0;
    if (ret != 0)
        return ret;
    shapes->features[shapes->num_features++] = *feature;
    reading->slots[slot] = shapes->num_features;
    return 2 * (size_t) shapes->num_features > reading->mask ? make_slots(reading) : 0;
}

static int read_feature(struct reading *reading, const json_t *object)
{
    struct geojson_feature feature = { .first_ring = reading->shapes.num_rings, .line = reading->line };
    const char            *type = json_string_value(json_object_get(object, "type"));
    if (type == NULL || strcmp(type, "Feature") != 0)
        return tell(reading, "objects of \"type\": \"Feature\"", "not a feature");
    int ret = read_code(reading, object, feature.code);
    if (ret == 0)
        ret = read_geometry(reading, json_object_get(object, "geometry"));
    feature.num_rings = reading->shapes.num_rings - feature.first_ring;
    return ret == 0 ? add_feature(reading, &feature) : ret;
}

static json_t *parse(struct reading *reading, const char *bytes, size_t size)
{
    json_error_t error;
    json_t      *value = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        reading->line += error.line > 0 ? (uint64_t) error.line - 1 : 0;
        tell(reading, "JSON (RFC 8259)", "%s", error.text);
    }
    return value;
}

/* The feature's text; a fault in it does not stop the reading of the others. */
static int take_feature(struct reading *reading, const char *bytes, size_t size, unsigned depth)
{
    if (size > GEOJSON_MAX_FEATURE_BYTES)
        return tell(reading, "at most 64 MiB a feature", "the feature is too large");
    if (depth > GEOJSON_MAX_DEPTH)
        return tell(reading, "at most 12 levels of brackets", "the feature is nested too deeply");
    uint64_t line = reading->line;
    json_t  *object = parse(reading, bytes, size);
    reading->line = line;
    if (object == NULL)
        return BASE_ERR_INPUT;
    int ret = read_feature(reading, object);
    json_decref(object);
    return ret;
}

static uint64_t count_lines(const char *bytes, size_t size)
{
    uint64_t lines = 0;
    for (const char *at = bytes, *end = bytes + size; (at = memchr(at, '\n', (size_t) (end - at))) != NULL; at++)
        lines++;
    return lines;
}

/* Read features from behind the opening bracket on; *end: where the closing one stands. */
static int read_features(struct reading *reading, const char *bytes, size_t size, size_t at, size_t *end)
{
    uint64_t line = 1 + count_lines(bytes, at);
    size_t   counted = at;
    for (;;) {
        at = skip_blanks(bytes, size, at);
        line += count_lines(bytes + counted, at - counted);
        counted = at;
        reading->line = line;
        if (at < size && bytes[at] == ']' && reading->number == 0)
            break;
        reading->number++;
        if (at == size || bytes[at] != '{')
            return tell(reading, "objects of \"type\": \"Feature\"", "not a feature");
        if (reading->number > GEOJSON_MAX_FEATURES)
            return tell(reading, "at most 1000000", "more features than allowed");
        unsigned deepest = 0;
        size_t   next = skip_brackets(bytes, size, at, &deepest);
        int      ret = take_feature(reading, bytes + at, next - at, deepest);
        if (ret != 0 && ret != BASE_ERR_INPUT)
            return ret;
        at = skip_blanks(bytes, size, next);
        if (at == size || (bytes[at] != ',' && bytes[at] != ']'))
            return tell(reading, "a comma, or ] behind the last", "something else follows it");
        if (bytes[at] == ']')
            break;
        at++;
    }
    *end = at;
    return 0;
}

/* ---- the collection ---- */

/* What is around the features: as if there were none. */
static int check_envelope(struct reading *reading, const char *bytes, size_t size, size_t begin, size_t end)
{
    size_t length = begin + 1 + (size - end);
    char  *text = malloc(length);
    if (text == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(text, bytes, begin + 1);
    memcpy(text + begin + 1, bytes + end, size - end);
    reading->line = 1;
    reading->number = 0;
    json_t *object = parse(reading, text, length);
    free(text);
    if (object == NULL)
        return BASE_ERR_INPUT;
    const char *type = json_string_value(json_object_get(object, "type"));
    const char *system =
        json_string_value(json_object_get(json_object_get(json_object_get(object, "crs"), "properties"), "name"));
    int ret = 0;
    reading->line = 0;
    if (type == NULL || strcmp(type, "FeatureCollection") != 0)
        ret = tell(reading, "\"type\": \"FeatureCollection\"", "not a collection of features");
    else if (system != NULL && strstr(system, "CRS84") == NULL && strstr(system, "4326") == NULL)
        ret = tell(reading, "longitude and latitude (CRS84)", "another coordinate system");
    json_decref(object);
    return ret;
}

static int read_all(struct reading *reading, const char *bytes, size_t size)
{
    uint64_t faults_before = reading->faults->num_all;
    if (size > GEOJSON_MAX_BYTES)
        return tell(reading, "at most 1 GiB", "the file is too large");
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    size_t begin = find_features(bytes, size), end = size;
    if (begin == size) /* no such array: say what else it is */
        return check_envelope(reading, bytes, size, size - 1, size) == TOC_ERR_NO_MEMORY ? TOC_ERR_NO_MEMORY
               : reading->faults->num_all > faults_before                                ? BASE_ERR_INPUT
                                                          : tell(reading, "an array \"features\"", "no features");
    int ret = make_slots(reading);
    if (ret == 0)
        ret = read_features(reading, bytes, size, begin + 1, &end);
    if (ret == 0)
        ret = check_envelope(reading, bytes, size, begin, end);
    if (ret == 0 && reading->faults->num_all == faults_before && reading->shapes.num_features == 0)
        ret = tell(reading, "a feature for each area", "no features");
    return ret == 0 && reading->faults->num_all > faults_before ? BASE_ERR_INPUT : ret;
}

int geojson_read(const char *bytes, size_t size, const char *name, const char *property, struct fault_list *faults,
                 struct geojson *shapes)
{
    struct reading reading = { .name = name, .property = property, .faults = faults };
    int ret = size == 0 ? tell(&reading, "a collection of features", "an empty file") : read_all(&reading, bytes, size);
    if (ret == 0) {
        *shapes = reading.shapes;
        reading.shapes = (struct geojson){ 0 };
    } else if (ret == TOC_ERR_NO_MEMORY) {
        fault_add(faults, (struct fault_place){ .file = name }, NULL, "out of memory");
    }
    geojson_free(&reading.shapes);
    free(reading.slots);
    return ret;
}

/* The whole file; it may be changed meanwhile, so it is copied. */
static int read_bytes(int fd, char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        ssize_t got = read(fd, bytes + at, size - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return BASE_ERR_SYSTEM;
        at += (size_t) got;
    }
    return 0;
}

int geojson_read_file(const char *path, const char *property, struct fault_list *faults, struct geojson *shapes)
{
    struct fault_place place = { .file = path };
    struct stat        status;
    char              *bytes = NULL;
    int                ret = BASE_ERR_SYSTEM, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        fault_add(faults, place, NULL, "cannot be opened: %s", strerrordesc_np(errno));
    } else if (!S_ISREG(status.st_mode)) {
        fault_add(faults, place, NULL, "is not a file");
    } else if ((size_t) status.st_size > GEOJSON_MAX_BYTES) {
        fault_add(faults, place, "at most 1 GiB", "the file is too large");
        ret = BASE_ERR_INPUT;
    } else if ((bytes = malloc((size_t) status.st_size + 1)) == NULL) {
        fault_add(faults, place, NULL, "out of memory");
        ret = TOC_ERR_NO_MEMORY;
    } else if (read_bytes(fd, bytes, (size_t) status.st_size) != 0) {
        fault_add(faults, place, NULL, "cannot be read: %s", errno == 0 ? "it ended early" : strerrordesc_np(errno));
    } else {
        ret = geojson_read(bytes, (size_t) status.st_size, path, property, faults, shapes);
    }
    free(bytes);
    if (fd >= 0)
        close(fd);
    return ret;
}

void geojson_free(struct geojson *shapes)
{
    free(shapes->features);
    free(shapes->rings);
    free(shapes->points);
    *shapes = (struct geojson){ 0 };
}
