/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <time.h>
#include <zip.h>

#include "base/fault.h"
#include "base/instant.h"
#include "base/markup.h"
#include "formats/document.h"
#include "tocsin/status.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define WORD "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006"
#define WORD_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define TABLE_WIDTH 9070 /* twentieths of a point: A4 within its margins */
#define FIRST_COLUMN 3628
#define EARLIEST INT64_C(315532800) /* the first day that an entry of an archive can tell: 1980-01-01 */

static const char content_types[] =
    HEAD "<Types xmlns=\"" PACKAGE "/content-types\">"
         "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
         "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
         "<Override PartName=\"/word/document.xml\" ContentType=\"" WORD_TYPE "document.main+xml\"/>"
         "<Override PartName=\"/word/styles.xml\" ContentType=\"" WORD_TYPE "styles+xml\"/>"
         "<Override PartName=\"/docProps/core.xml\" "
         "ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/></Types>";

static const char package_relations[] =
    HEAD "<Relationships xmlns=\"" PACKAGE "/relationships\">"
         "<Relationship Id=\"rId1\" Type=\"" OFFICE "/officeDocument\" Target=\"word/document.xml\"/>"
         "<Relationship Id=\"rId2\" Type=\"" PACKAGE "/relationships/metadata/core-properties\" "
         "Target=\"docProps/core.xml\"/></Relationships>";

static const char document_relations[] =
    HEAD "<Relationships xmlns=\"" PACKAGE "/relationships\">"
         "<Relationship Id=\"rId1\" Type=\"" OFFICE "/styles\" Target=\"styles.xml\"/></Relationships>";

#define STYLE(id, name, paragraph, run)                                                                                \
    "<w:style w:type=\"paragraph\" w:styleId=\"" id "\"><w:name w:val=\"" name "\"/><w:basedOn w:val=\"Normal\"/>"     \
    "<w:pPr>" paragraph "</w:pPr><w:rPr>" run "</w:rPr></w:style>"

static const char styles_head[] =
    HEAD "<w:styles " WORD "><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Noto Sans\" w:hAnsi=\"Noto Sans\" "
         "w:eastAsia=\"Noto Sans CJK SC\" w:cs=\"Noto Serif Tibetan\"/><w:sz w:val=\"21\"/><w:lang w:val=\"";
static const char styles_rest[] =
    "/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after=\"80\"/></w:pPr></w:pPrDefault></w:docDefaults>"
    "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style>" STYLE(
        "Title", "Title", "<w:spacing w:after=\"120\"/>", "<w:b/><w:sz w:val=\"36\"/>")
        STYLE("Heading1", "heading 1",
              "<w:keepNext/><w:spacing w:before=\"200\" w:after=\"60\"/><w:outlineLvl w:val=\"0\"/>",
              "<w:b/><w:sz w:val=\"25\"/>") STYLE("Note", "Note", "<w:spacing w:after=\"60\"/>",
                                                  "<w:color w:val=\"565B64\"/><w:sz w:val=\"17\"/>") "</w:styles>";

/* ---- document.xml ---- */

/* As much of a text as XML can hold. */
static void put_markup(struct sink *sink, const char *text, size_t size)
{
    size_t begin = 0;
    for (size_t i = 0; i <= size; i++)
        if (i == size || (unsigned char) text[i] < 0x20) {
            sink_markup(sink, text + begin, i - begin);
            begin = i + 1;
        }
}

/* A paragraph for each line. */
static void put_paragraphs(struct sink *sink, const char *text, const char *properties, const char *run)
{
    for (bool more = true; more;) {
        size_t size = strcspn(text, "\n");
        sink_text(sink, "<w:p><w:pPr>");
        sink_text(sink, properties);
        sink_text(sink, "</w:pPr><w:r>");
        sink_text(sink, run);
        sink_text(sink, "<w:t xml:space=\"preserve\">");
        put_markup(sink, text, size);
        sink_text(sink, "</w:t></w:r></w:p>");
        more = text[size] == '\n';
        text += size + more;
    }
}

static int column_width(const struct document_block *table, size_t column)
{
    if (table->num_columns == 1)
        return TABLE_WIDTH;
    return column == 0 ? FIRST_COLUMN : (TABLE_WIDTH - FIRST_COLUMN) / (int) (table->num_columns - 1);
}

static void put_table(struct sink *sink, const struct document_block *table)
{
    sink_format(sink,
                "<w:tbl><w:tblPr><w:tblW w:w=\"%d\" w:type=\"dxa\"/><w:tblBorders>"
                "<w:top w:val=\"single\" w:sz=\"6\" w:color=\"999999\"/><w:bottom w:val=\"single\" w:sz=\"6\" "
                "w:color=\"999999\"/><w:insideH w:val=\"single\" w:sz=\"4\" w:color=\"CCCCCC\"/></w:tblBorders>"
                "<w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>",
                TABLE_WIDTH);
    for (size_t column = 0; column < table->num_columns; column++)
        sink_format(sink, "<w:gridCol w:w=\"%d\"/>", column_width(table, column));
    sink_text(sink, "</w:tblGrid>");
    for (size_t row = 0; row < table->num_rows; row++) {
        sink_text(sink, row == 0 ? "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>"
                                 : "<w:tr><w:trPr><w:cantSplit/></w:trPr>");
        for (size_t column = 0; column < table->num_columns; column++) {
            sink_format(sink, "<w:tc><w:tcPr><w:tcW w:w=\"%d\" w:type=\"dxa\"/></w:tcPr>", column_width(table, column));
            put_paragraphs(sink, table->cells[row * table->num_columns + column],
                           column == 0 ? "<w:spacing w:after=\"0\"/>"
                                       : "<w:spacing w:after=\"0\"/><w:jc w:val=\"right\"/>",
                           row == 0 ? "<w:rPr><w:b/></w:rPr>" : "");
            sink_text(sink, "</w:tc>");
        }
        sink_text(sink, "</w:tr>");
    }
    sink_text(sink, "</w:tbl>");
    put_paragraphs(sink, "", "<w:spacing w:after=\"0\"/>", ""); /* two tables would run into one */
}

static void put_document(struct sink *sink, const struct document *document)
{
    static const char *const styles[] = { [DOCUMENT_TITLE] = "<w:pStyle w:val=\"Title\"/>",
                                          [DOCUMENT_HEADING] = "<w:pStyle w:val=\"Heading1\"/>",
                                          [DOCUMENT_PARAGRAPH] = "",
                                          [DOCUMENT_NOTE] = "<w:pStyle w:val=\"Note\"/>" };
    sink_text(sink, HEAD "<w:document " WORD "><w:body>");
    for (size_t i = 0; i < document->num_blocks; i++) {
        const struct document_block *block = &document->blocks[i];
        if (block->kind == DOCUMENT_TABLE)
            put_table(sink, block);
        else
            put_paragraphs(sink, block->text, styles[block->kind], "");
    }
    sink_text(sink, "<w:sectPr><w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1134\" w:right=\"1418\" "
                    "w:bottom=\"1134\" w:left=\"1418\" w:header=\"567\" w:footer=\"567\" w:gutter=\"0\"/></w:sectPr>"
                    "</w:body></w:document>");
}

static void put_styles(struct sink *sink, const struct document *document)
{
    sink_text(sink, styles_head);
    sink_markup(sink, document->language, strlen(document->language));
    sink_text(sink, "\" w:eastAsia=\"zh-CN\"");
    sink_text(sink, styles_rest);
}

static void put_core(struct sink *sink, const struct document *document)
{
    char made[INSTANT_TEXT_BYTES];
    instant_to_text(document->made - document->made % INSTANT_SECOND, made);
    sink_text(sink, HEAD "<cp:coreProperties xmlns:cp=\"" PACKAGE "/metadata/core-properties\" "
                         "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                         "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>");
    put_markup(sink, document->title, strlen(document->title));
    sink_format(sink,
                "</dc:title><dc:creator>Tocsin</dc:creator><dcterms:created "
                "xsi:type=\"dcterms:W3CDTF\">%s</dcterms:created></cp:coreProperties>",
                made);
}

/* ---- the archive ---- */

enum { PARTS = 6 };

static int add_part(zip_t *archive, const char *name, const char *bytes, size_t size, int64_t made)
{
    zip_source_t *source = zip_source_buffer(archive, bytes, size, 0);
    zip_int64_t   index = source != NULL ? zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
        zip_source_free(source);
        return TOC_ERR_NO_MEMORY;
    }
    int64_t seconds = made / INSTANT_SECOND;
    return zip_file_set_mtime(archive, (zip_uint64_t) index, (time_t) (seconds > EARLIEST ? seconds : EARLIEST), 0);
}

static int copy_archive(zip_source_t *whole, struct sink *sink)
{
    char        bytes[8192];
    zip_int64_t size;
    if (zip_source_open(whole) != 0)
        return TOC_ERR_NO_MEMORY;
    while ((size = zip_source_read(whole, bytes, sizeof bytes)) > 0)
        sink_write(sink, bytes, (size_t) size);
    zip_source_close(whole);
    return size < 0 ? TOC_ERR_NO_MEMORY : sink->failure != 0 ? BASE_ERR_SYSTEM : 0;
}

static int write_archive(const char *const names[PARTS], const struct sink parts[PARTS], int64_t made,
                         struct sink *sink)
{
    zip_source_t *whole = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t        *archive = whole != NULL ? zip_open_from_source(whole, ZIP_TRUNCATE, NULL) : NULL;
    int           ret = archive == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (archive == NULL) {
        zip_source_free(whole);
        return ret;
    }
    zip_source_keep(whole);
    for (size_t i = 0; i < PARTS && ret == 0; i++)
        ret = add_part(archive, names[i], parts[i].bytes, parts[i].used, made);
    if (ret != 0 || zip_close(archive) != 0) {
        zip_discard(archive);
        ret = TOC_ERR_NO_MEMORY;
    }
    if (ret == 0)
        ret = copy_archive(whole, sink);
    zip_source_free(whole);
    return ret;
}

int document_docx(const struct document *document, struct sink *sink)
{
    static const char *const names[PARTS] = { "[Content_Types].xml",          "_rels/.rels",     "word/document.xml",
                                              "word/_rels/document.xml.rels", "word/styles.xml", "docProps/core.xml" };
    struct sink              parts[PARTS];
    int                      ret = 0;
    for (size_t i = 0; i < PARTS; i++)
        sink_init_memory(&parts[i]);
    sink_text(&parts[0], content_types);
    sink_text(&parts[1], package_relations);
    put_document(&parts[2], document);
    sink_text(&parts[3], document_relations);
    put_styles(&parts[4], document);
    put_core(&parts[5], document);
    for (size_t i = 0; i < PARTS; i++)
        ret = parts[i].failure != 0 ? TOC_ERR_NO_MEMORY : ret;
    if (ret == 0)
        ret = write_archive(names, parts, document->made, sink);
    for (size_t i = 0; i < PARTS; i++)
        sink_free(&parts[i]);
    return ret;
}
