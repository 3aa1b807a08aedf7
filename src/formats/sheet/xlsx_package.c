/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The archive that a spreadsheet file is, and XML out of it, with bounds on both. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/sheet/xlsx_internal.h"
#include "tocsin/status.h"

int growing_add(struct growing *text, const char *bytes, size_t size, size_t limit)
{
    if (size > limit || text->size > limit - size)
        return TOC_ERR_TOO_LARGE;
    if (size > text->room - text->size) {
        size_t room = text->room * 2 > text->size + size ? text->room * 2 : text->size + size + 1024;
        char  *more = memory_resize(text->bytes, room, 1);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        text->bytes = more;
        text->room = room;
    }
    if (size > 0)
        memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    return 0;
}

int package_refuse(const struct package *package, const char *allowed, const char *found, ...)
{
    char    text[FAULT_FOUND_BYTES];
    va_list arguments;
    va_start(arguments, found);
    vsnprintf(text, sizeof text, found, arguments);
    va_end(arguments);
    fault_add(package->faults, (struct fault_place){ .file = package->name }, allowed, "%s", text);
    return BASE_ERR_INPUT;
}

/* ---- the archive ---- */

bool package_has(const struct package *package, const char *part)
{
    return zip_name_locate(package->archive, part, ZIP_FL_NOCASE) >= 0;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), size = strlen(end);
    return length >= size && text_equal_nocase(name + length - size, size, end, size);
}

static int check_parts(const struct package *package)
{
    zip_int64_t num = zip_get_num_entries(package->archive, 0);
    if (num > XLSX_MAX_PARTS)
        return package_refuse(package, "at most 2000 parts", "a file of %lld parts", (long long) num);
    for (zip_int64_t i = 0; i < num; i++) {
        const char     *name = zip_get_name(package->archive, (zip_uint64_t) i, 0);
        struct zip_stat stat;
        if (name == NULL || zip_stat_index(package->archive, (zip_uint64_t) i, 0, &stat) != 0)
            return package_refuse(package, NULL, "an archive with a part that cannot be read");
        if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
            return package_refuse(package, "the file saved again without a password", "an encrypted archive");
        if (ends_with(name, "vbaProject.bin"))
            return package_refuse(package, "the file saved as .xlsx, which has no macros", "a workbook with macros");
        if (ends_with(name, "xl/workbook.bin"))
            return package_refuse(package, "the file saved as .xlsx", "a binary workbook (.xlsb)");
        if (strcmp(name, "content.xml") == 0)
            return package_refuse(package, "the file saved as .xlsx or as CSV", "an OpenDocument file");
    }
    return 0;
}

int package_open(struct package *package, const void *bytes, size_t size)
{
    static const char compound[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    if (size > XLSX_MAX_BYTES)
        return package_refuse(package, "at most 256 MiB", "a file of %zu bytes", size);
    if (size >= 8 && memcmp(bytes, compound, 8) == 0)
        return package_refuse(package, "the file saved again as .xlsx, without a password",
                              "a workbook with a password, or one of before 2007 (.xls)");
    if (size < 4 || memcmp(bytes, "PK\x03\x04", 4) != 0)
        return package_refuse(package, "a spreadsheet file (.xlsx)", "no spreadsheet file");
    zip_error_t   error;
    zip_source_t *source;
    zip_error_init(&error);
    source = zip_source_buffer_create(bytes, size, 0, &error);
    if (source == NULL)
        return TOC_ERR_NO_MEMORY;
    package->archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (package->archive == NULL) {
        int code = zip_error_code_zip(&error);
        zip_source_free(source);
        zip_error_fini(&error);
        return code == ZIP_ER_MEMORY ? TOC_ERR_NO_MEMORY
                                     : package_refuse(package, "the file sent again", "a torn or damaged archive");
    }
    return check_parts(package);
}

void package_close(struct package *package)
{
    if (package->archive != NULL)
        zip_discard(package->archive);
    package->archive = NULL;
}

int part_open(const struct package *package, const char *name, uint64_t limit, struct part *part)
{
    struct zip_stat stat;
    zip_int64_t     index = zip_name_locate(package->archive, name, ZIP_FL_NOCASE);
    *part = (struct part){ .limit = limit, .name = name };
    if (index < 0)
        return package_refuse(package, "a spreadsheet file (.xlsx)", "an archive without the part %.100s", name);
    if (zip_stat_index(package->archive, (zip_uint64_t) index, 0, &stat) != 0)
        return package_refuse(package, NULL, "the part %.100s cannot be read", name);
    part->packed = stat.comp_size;
    part->file = zip_fopen_index(package->archive, (zip_uint64_t) index, 0);
    if (part->file == NULL)
        return package_refuse(package, "the file saved again as .xlsx", "the part %.100s cannot be unpacked", name);
    return 0;
}

void part_close(struct part *part)
{
    if (part->file != NULL)
        zip_fclose(part->file);
    part->file = NULL;
}

int part_read(const struct package *package, struct part *part, void *bytes, size_t size, size_t *got)
{
    zip_int64_t count = zip_fread(part->file, bytes, size);
    if (count < 0)
        return package_refuse(package, "the file sent again", "the part %.100s is damaged", part->name);
    part->unpacked += (uint64_t) count;
    if (part->unpacked > part->limit)
        return package_refuse(package, NULL, "the part %.100s is larger than %llu bytes", part->name,
                              (unsigned long long) part->limit);
    if (part->unpacked > XLSX_FREE_BYTES && part->unpacked / XLSX_MAX_RATIO > part->packed)
        return package_refuse(package, "at most 400 times", "the part %.100s unpacks to more than 400 times its size",
                              part->name);
    *got = (size_t) count;
    return 0;
}

/* ---- XML ---- */

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

const char *xml_attribute(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2)
        if (strcmp(local_name(attributes[0]), name) == 0)
            return attributes[1];
    return NULL;
}

void xml_fail(struct xml *xml, int status)
{
    if (xml->failure == 0)
        xml->failure = status;
    XML_StopParser(xml->parser, XML_FALSE);
}

static void on_start(void *context, const char *name, const char **attributes)
{
    struct xml *xml = context;
    if (++xml->depth > XLSX_MAX_DEPTH) {
        package_refuse(xml->package, "at most 64", "XML in %.100s nested deeper than 64 elements", xml->part);
        xml_fail(xml, BASE_ERR_INPUT);
    } else
        xml->start(xml->context, local_name(name), attributes);
}

static void on_end(void *context, const char *name)
{
    struct xml *xml = context;
    xml->depth--;
    if (xml->failure == 0) /* of an element without content the end is told though its beginning failed */
        xml->end(xml->context, local_name(name));
}

static void on_text(void *context, const char *text, int size)
{
    struct xml *xml = context;
    if (xml->failure == 0)
        xml->text(xml->context, text, (size_t) size);
}

/* No workbook has one; entities that swell or read other files need one. */
static void on_document_type(void *context, const char *name, const char *system, const char *public, int subset)
{
    struct xml *xml = context;
    (void) name;
    (void) system;
    (void) public;
    (void) subset;
    package_refuse(xml->package, "none", "a document type declaration in %.100s", xml->part);
    xml_fail(xml, BASE_ERR_INPUT);
}

int xml_open(struct xml *xml, const struct package *package, const char *part)
{
    xml->package = package;
    xml->part = part;
    xml->depth = 0;
    xml->failure = 0;
    xml->parser = XML_ParserCreate(NULL);
    if (xml->parser == NULL)
        return TOC_ERR_NO_MEMORY;
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_document_type);
    return 0;
}

void xml_close(struct xml *xml)
{
    if (xml->parser != NULL)
        XML_ParserFree(xml->parser);
    xml->parser = NULL;
}

int xml_status(struct xml *xml, enum XML_Status status)
{
    if (xml->failure != 0)
        return xml->failure;
    if (status != XML_STATUS_ERROR)
        return 0;
    if (XML_GetErrorCode(xml->parser) == XML_ERROR_NO_MEMORY)
        return TOC_ERR_NO_MEMORY;
    return package_refuse(xml->package, "the file saved again", "XML in %.60s is wrong in line %lu: %.60s", xml->part,
                          (unsigned long) XML_GetCurrentLineNumber(xml->parser),
                          XML_ErrorString(XML_GetErrorCode(xml->parser)));
}

int xml_read_part(struct xml *xml, uint64_t limit)
{
    struct part part;
    size_t      got = 0;
    int         ret = part_open(xml->package, xml->part, limit, &part);
    while (ret == 0) {
        void *block = XML_GetBuffer(xml->parser, BLOCK_BYTES);
        if (block == NULL) {
            ret = TOC_ERR_NO_MEMORY;
            break;
        }
        ret = part_read(xml->package, &part, block, BLOCK_BYTES, &got);
        if (ret == 0)
            ret = xml_status(xml, XML_ParseBuffer(xml->parser, (int) got, got == 0));
        if (got == 0)
            break;
    }
    part_close(&part);
    return ret;
}
