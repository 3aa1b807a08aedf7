/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast JSON is read (src/base/json_reader.h), beside jansson: a FHIR bundle of made-up observations, as a
 * laboratory sends them, written with indentation and without. CPU seconds of this process, the best of some runs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_reader.h"
#include "base/memory.h"

enum { ENTRIES = 20000, RUNS = 7 };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static const char entry[] =
    "{\"fullUrl\":\"urn:uuid:0190a1b2-0000-7000-8000-%012d\",\"resource\":{\"resourceType\":\"Observation\","
    "\"id\":\"o%d\",\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":"
    "\"urn:oid:2.16.840.1.113883.4.642.1.1125\",\"code\":\"laboratory\"}]}],\"code\":{\"coding\":"
    "[{\"system\":\"urn:oid:2.16.840.1.113883.6.1\",\"code\":\"94500-6\",\"display\":\"SARS-CoV-2 RNA Resp Ql "
    "NAA+probe\"}],"
    "\"text\":\"新型冠状病毒核酸\"},\"subject\":{\"reference\":\"Patient/p%d\"},\"effectiveDateTime\":"
    "\"2024-05-%02dT08:30:00+08:00\",\"issued\":\"2024-05-%02dT17:05:12.345+08:00\",\"valueQuantity\":{\"value\":%d.%d,"
    "\"unit\":\"Ct\"},\"interpretation\":[{\"coding\":[{\"code\":\"POS\"}]}],\"note\":[{\"text\":"
    "\"Specimen taken at \\\"Gate 3\\\"\\nrepeat in 24 h\"}]}}";

/* The bundle; free() it. */
static char *make_bundle(size_t *size)
{
    char  *text = malloc(64 + (size_t) ENTRIES * (sizeof entry + 100));
    size_t used = (size_t) sprintf(text, "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[");
    for (int i = 0; i < ENTRIES; i++) {
        text[used] = ',';
        used += i > 0;
        used += (size_t) sprintf(text + used, entry, i, i, i % 1000, 1 + i % 28, 1 + i % 28, 15 + i % 20, i % 100);
    }
    used += (size_t) sprintf(text + used, "]}");
    *size = used;
    return text;
}

static double own_rate(const char *text, size_t size)
{
    struct value_tree tree = VALUE_TREE_INIT;
    struct json_fault fault;
    double            best = 0;
    for (int run = 0; run < RUNS; run++) {
        double start = cpu_seconds();
        if (json_read(text, size, NULL, &tree, &fault) != 0)
            exit(1);
        double rate = (double) size / 1e6 / (cpu_seconds() - start);
        best = rate > best ? rate : best;
    }
    value_tree_free(&tree);
    return best;
}

static double jansson_rate(const char *text, size_t size)
{
    double best = 0;
    for (int run = 0; run < RUNS; run++) {
        double       start = cpu_seconds();
        json_error_t error;
        json_t      *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (root == NULL)
            exit(1);
        double rate = (double) size / 1e6 / (cpu_seconds() - start);
        best = rate > best ? rate : best;
        json_decref(root);
    }
    return best;
}

static void show(const char *form, const char *text, size_t size)
{
    double own = own_rate(text, size), other = jansson_rate(text, size);
    printf("row\tJSON read, %s, %.0f MB\t>= 300 MB/s\t%.0f MB/s (jansson %.0f)\t%s\n", form, (double) size / 1e6, own,
           other, own >= 300 ? "yes" : "no");
}

int main(void)
{
    size_t       size;
    char        *text = make_bundle(&size);
    json_error_t error;
    json_t      *root = json_loadb(text, size, 0, &error);
    char        *indented = json_dumps(root, JSON_INDENT(2));
    show("a FHIR bundle", text, size);
    show("the same, indented", indented, strlen(indented));
    json_decref(root);
    free(indented);
    free(text);
    return 0;
}
