/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/fhir/definitions.h: what FHIR R4 (4.0.1) says its resources and data types are made of (elements.def). */
#ifndef FORMATS_FHIR_DEFINITIONS_H
#define FORMATS_FHIR_DEFINITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/report.h"

enum fhir_type_id {
    FHIR_NO_TYPE,
#define TYPE(id, name, kind, first, num) FHIR_##id,
#include "formats/fhir/elements.def"
#undef TYPE
    FHIR_NUM_TYPES
};

enum fhir_type_kind { FHIR_PRIMITIVE, FHIR_COMPLEX, FHIR_RESOURCE };

struct fhir_element {
    const char *name;    /* as in JSON: "valueQuantity" */
    const char *targets; /* of a reference: "Patient|Group"; "" = any */
    uint16_t    type;    /* enum fhir_type_id */
    uint16_t    codes;   /* closed set; 0 = none */
    uint16_t    choice;  /* one of the forms of a value[x]: the same number for each; 0 = none */
    uint8_t     length;  /* of the name */
    uint8_t     least;   /* 0 or 1; of a choice: of any of its forms */
    bool        many;
};

struct fhir_type {
    const char                *name; /* "Patient", "Patient.contact" */
    const struct fhir_element *elements;
    uint16_t                   num_elements;
    uint8_t                    kind; /* enum fhir_type_kind */
};

const struct fhir_type *fhir_type_of(uint16_t id);

/* The resource type of this name; FHIR_NO_TYPE where R4 has none. */
enum fhir_type_id fhir_resource_type(struct report_text name);

/* The element of this name, or NULL. `hint`: where to begin (the place behind the last found); gains that. */
const struct fhir_element *fhir_find_element(const struct fhir_type *type, const char *name, size_t length,
                                             uint16_t *hint);

/* The length of a value[x]'s name without its type: 5 of "valueQuantity". */
size_t fhir_choice_length(const struct fhir_element *element);

/* The codes of a closed set with '|' between them. */
const char *fhir_codes(uint16_t codes);

/* Is the text one of those that stand in a list with '|' between them? */
bool fhir_is_listed(const char *list, struct report_text text);

#endif
