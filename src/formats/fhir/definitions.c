/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/fhir/definitions.h"

#include <string.h>

enum {
    NO_CODES,
#define CODES(id, codes) CODES_##id,
#include "formats/fhir/elements.def"
#undef CODES
};

static const char *const code_lists[] = {
    "",
#define CODES(id, codes) codes,
#include "formats/fhir/elements.def"
#undef CODES
};

enum { MANY = 2 };

#define CODES_NO_CODES NO_CODES
static const struct fhir_element elements[] = {
#define ELEMENT(name, type, least, most, choice, codes, targets)                                                       \
    { name, targets, FHIR_##type, CODES_##codes, choice, sizeof name - 1, least, (most) == MANY },
#include "formats/fhir/elements.def"
#undef ELEMENT
};

static const struct fhir_type types[] = {
    { "", elements, 0, FHIR_PRIMITIVE },
#define TYPE(id, name, kind, first, num) { name, elements + (first), num, FHIR_##kind },
#include "formats/fhir/elements.def"
#undef TYPE
};

const struct fhir_type *fhir_type_of(uint16_t id)
{
    return &types[id];
}

/* The resource types, in the order of their names, as they stand in the definitions. */
#define OF_PRIMITIVE(id)
#define OF_COMPLEX(id)
#define OF_RESOURCE(id) FHIR_##id,
static const uint16_t resources[] = {
#define TYPE(id, name, kind, first, num) OF_##kind(id)
#include "formats/fhir/elements.def"
#undef TYPE
};

enum fhir_type_id fhir_resource_type(struct report_text name)
{
    size_t low = 1, high = sizeof resources / sizeof *resources; /* the first is Resource, which nothing is */
    while (low < high) {
        size_t middle = low + (high - low) / 2, length = strlen(types[resources[middle]].name);
        size_t common = length < name.size ? length : name.size;
        int    order = common > 0 ? memcmp(name.bytes, types[resources[middle]].name, common) : 0;
        if (order == 0 && length == name.size)
            return (enum fhir_type_id) resources[middle];
        if (order < 0 || (order == 0 && name.size < length))
            high = middle;
        else
            low = middle + 1;
    }
    return FHIR_NO_TYPE;
}

const struct fhir_element *fhir_find_element(const struct fhir_type *type, const char *name, size_t length,
                                             uint16_t *hint)
{
    uint16_t at = *hint < type->num_elements ? *hint : 0;
    for (uint16_t i = 0; i < type->num_elements; i++) {
        const struct fhir_element *element = &type->elements[at];
        at++;
        if (element->length == length && memcmp(element->name, name, length) == 0) {
            *hint = at;
            return element;
        }
        if (at == type->num_elements)
            at = 0;
    }
    return NULL;
}

const char *fhir_codes(uint16_t codes)
{
    return code_lists[codes];
}

bool fhir_is_listed(const char *list, struct report_text text)
{
    while (*list != '\0') {
        size_t length = strcspn(list, "|");
        if (length == text.size && memcmp(list, text.bytes, length) == 0)
            return true;
        list += list[length] == '|' ? length + 1 : length;
    }
    return false;
}

size_t fhir_choice_length(const struct fhir_element *element)
{
    const char *type = types[element->type].name;
    return element->length - strlen(type);
}
