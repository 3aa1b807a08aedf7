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

/* Resource types stand in the order of their names but for a few; a table by first letter keeps the look-up short. */
enum fhir_type_id fhir_resource_type(struct report_text name)
{
    for (uint16_t id = FHIR_Resource + 1; id < FHIR_NUM_TYPES; id++) {
        const struct fhir_type *type = &types[id];
        if (type->kind == FHIR_RESOURCE && name.size > 0 && type->name[0] == name.bytes[0] &&
            strlen(type->name) == name.size && memcmp(type->name, name.bytes, name.size) == 0)
            return (enum fhir_type_id) id;
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
