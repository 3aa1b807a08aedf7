/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hl7_messages.h"

static const char *const tests[][2] = {
    { "94500-6^SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory system specimen by NAA with probe detection^LN",
      "C19^SARS-CoV-2 PCR^L" },
    { "92142-9^Influenza virus A RNA [Presence] in Respiratory specimen by NAA with probe detection^LN",
      "FLUA^Influenza A PCR^L" },
    { "92141-1^Influenza virus B RNA [Presence] in Respiratory specimen by NAA with probe detection^LN",
      "FLUB^Influenza B PCR^L" },
    { "92131-2^Respiratory syncytial virus RNA [Presence] in Respiratory specimen by NAA with probe detection^LN",
      "RSV^RSV PCR^L" },
};

static void put_person(struct sink *sink, unsigned i)
{
    sink_format(sink,
                "PID|1||P%07u^^^City Hospital&2.999.1.%u&ISO^MR^City Hospital&2.999.1.%u&ISO~%09u^^^SSA^SS||"
                "Example%u^Anna^M^^^^L||19%02u%02u%02u|%c||2106-3^White^HL70005|%u Long Street^Apt %u^Riverton^ZZ^%05u^"
                "USA^H^^County %u||^PRN^PH^^1^555^%07u^^any text~^NET^Internet^anna%u@example.com|||||||||"
                "N^Not Hispanic or Latino^HL70189\r",
                i, i % 5, i % 5, i * 37 % 1000000000, i, i % 90 + 10, i % 12 + 1, i % 28 + 1, i % 2 ? 'F' : 'M',
                i % 900 + 1, i % 40, i % 99999, i % 30, i % 10000000, i);
}

static void put_order(struct sink *sink, unsigned i)
{
    sink_format(
        sink,
        "ORC|RE|O%u^City Hospital^2.999.1.9^ISO|A%u^Central Laboratory^2.999.2.1^ISO|||||||||1234567893^Medic^"
        "Maria^^^^^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI||^WPN^PH^^1^555^5550199|||||||City Hospital^L^^^^"
        "NPI&2.999.7&ISO^XX^^^9876543210|12 Clinic Road^^Riverton^ZZ^12345^USA^B|^WPN^PH^^1^555^5550100\r"
        "OBR|1|O%u^City Hospital^2.999.1.9^ISO|A%u^Central Laboratory^2.999.2.1^ISO|95941-1^Influenza virus A "
        "and B and SARS-CoV-2 and SARS-related CoV RNA panel^LN^RESP4^Respiratory panel^L|||202611%02u0815-0500|"
        "||||||||1234567893^Medic^Maria^^^^^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI|^WPN^PH^^1^555^5550199|||||"
        "202611%02u123000-0500|||F|||||||R05^Cough^I10C\r",
        i, i, i, i, i % 20 + 1, i % 20 + 1);
}

static void put_result(struct sink *sink, unsigned i, unsigned n)
{
    bool        positive = (i + n) % 7 == 0, plain = i % 5 == 4;
    const char *value =
        positive ? "260373001^Detected^SCT^DET^Detected^L" : "260415000^Not detected^SCT^ND^Not detected^L";
    sink_format(sink,
                "OBX|%u|CWE|%s%s%s||%s||Not detected|%s|||F|||202611%02u0815-0500|||Real-time PCR^Multiplex assay, "
                "emergency use^L^^^^^^Multiplex respiratory assay 4-plex_Example Diagnostics|ANALYZER7^^99INST|"
                "202611%02u1145-0500||||Central Laboratory^L^^^^CLIA&2.16.840.1.113883.4.7&ISO^XX^^^99D9999999|"
                "1 Science Way^^Riverton^ZZ^12345^USA^B\r",
                n + 1, plain ? "" : tests[n][0], plain ? "" : "^", tests[n][1], value, positive ? "A" : "N", i % 20 + 1,
                i % 20 + 1);
}

static void put_answers(struct sink *sink, unsigned i)
{
    sink_format(sink,
                "OBX|5|NM|30525-0^Age^LN||%u|a^year^UCUM|||||F||||||||||||||||QST\r"
                "OBX|6|CWE|95419-8^Has symptoms related to condition of interest^LN||Y^Yes^HL70136||||||F||||||||||||||"
                "||QST\r"
                "OBX|7|DT|65222-2^Date and time of symptom onset^LN||202611%02u||||||F||||||||||||||||QST\r",
                i % 90, i % 20 + 1);
    sink_format(
        sink,
        "SPM|1|O%u&City Hospital&2.999.1.9&ISO^A%u&Central Laboratory&2.999.2.1&ISO||258500001^Nasopharyngeal "
        "swab^SCT^NP^NP swab^L^^^Swab of nasopharynx||||71836000^Nasopharyngeal structure^SCT|||P^Patient^HL70369"
        "||||||202611%02u0815-0500|202611%02u1015-0500\r",
        i, i, i % 20 + 1, i % 20 + 1);
}

void hl7_message_put(struct sink *sink, unsigned i, bool answered)
{
    sink_format(sink,
                "MSH|^~\\&|LIMS %u^2.999.3.%u^ISO|Central Laboratory^99D9999999^CLIA|Health Department^2.999.4^ISO|"
                "ELR^2.999.5^ISO|202611%02u123100-0500||ORU^R01^ORU_R01|M%09u|P|2.5.1|||%s|USA|UNICODE UTF-8|||"
                "PHLabReport-NoAck^^2.16.840.1.113883.9.11^ISO\r"
                "SFT|Example Software|1.2|LIMS|12345||20260101\r",
                i % 5, i % 5, i % 20 + 1, i, answered ? "|" : "NE|NE");
    put_person(sink, i);
    put_order(sink, i);
    for (unsigned n = 0; n < 4; n++)
        put_result(sink, i, n);
    put_answers(sink, i);
}
