/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/decode.h: a message's bytes as UTF-8, never by a guess.
 *
 * In this order: bytes that are strict UTF-8 (with or without a byte-order mark) are taken as such; else the character
 * set that the sender's profile names; else the one that MSH-18 names. Else the message is refused with the place of
 * the first byte that fits nothing: text in GB 18030 and in ISO 8859-1 cannot be told apart by looking, and a wrong
 * reading makes other people's names. UTF-16 and UTF-32, which HL7 v2 forbids, are refused by name.
 */
#ifndef FORMATS_HL7V2_DECODE_H
#define FORMATS_HL7V2_DECODE_H

#include <stddef.h>

#include "formats/report.h"

/* Decode into report->bytes and size: the bytes themselves where they are UTF-8, else a copy in the report's arena.
 *
 * charset   of the sender's profile, in the words of MSH-18 ("GB 18030-2000", "8859/1") or as iconv knows it; NULL =
 *           none
 * report    from report_init over the raw bytes; gains the faults
 *
 * Returns 0, BASE_ERR_INPUT (a fatal fault of rule REPORT_ENCODING) or TOC_ERR_NO_MEMORY. */
int hl7_decode(struct report *report, const char *charset);

#endif
