/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each role of a column means: how it is compared, who shares it, and what is expected of it before anything was
 * learned. The prior counts as 20 pairs of one person and 50 of two: some hundred records outweigh it. */
#include "linkage_internal.h"

/*                   different   part   like   near  sound swapped exact */
#define NAME_M                                                                                                         \
    {                                                                                                                  \
        0.05, 0.01, 0.03, 0.06, 0.02, 0.02, 0.81                                                                       \
    }
#define TEXT_M                                                                                                         \
    {                                                                                                                  \
        0.10, 0.0, 0.08, 0.10, 0.02, 0.0, 0.70                                                                         \
    }
#define NUMBER_M                                                                                                       \
    {                                                                                                                  \
        0.08, 0.0, 0.0, 0.07, 0.0, 0.0, 0.85                                                                           \
    }

const struct toci_role toci_roles[TOC_LINKAGE_NUM_ROLES] = {
    [TOC_LINKAGE_GIVEN] = { KIND_NAME,
                            false,
                            false,
                            false,
                            true,
                            NAME_M,
                            { 0.967, 0.003, 0.015, 0.004, 0.001, 0.0001, 0.0099 } },
    [TOC_LINKAGE_FAMILY] = { KIND_NAME,
                             true,
                             true,
                             false,
                             true,
                             { 0.05, 0.01, 0.03, 0.06, 0.02, 0.0, 0.83 },
                             { 0.9731, 0.003, 0.015, 0.004, 0.001, 0.0, 0.0039 } },
    [TOC_LINKAGE_BIRTH_DATE] = { KIND_DATE,
                                 false,
                                 true,
                                 false,
                                 false,
                                 { 0.02, 0.01, 0.04, 0.05, 0.0, 0.0, 0.88 },
                                 { 0.97, 0.0152, 0.014, 0.0007, 0.0, 0.0, 0.0001 } },
    [TOC_LINKAGE_SEX] = { KIND_CODE,
                          false,
                          false,
                          false,
                          true,
                          { 0.02, 0, 0, 0, 0, 0, 0.98 },
                          { 0.5, 0, 0, 0, 0, 0, 0.5 } },
    [TOC_LINKAGE_IDENTIFIER] = { KIND_NUMBER,
                                 false,
                                 false,
                                 false,
                                 false,
                                 { 0.05, 0, 0, 0.05, 0, 0, 0.90 },
                                 { 0.999989, 0, 0, 0.00001, 0, 0, 0.000001 } },
    [TOC_LINKAGE_PHONE] = { KIND_NUMBER,
                            true,
                            true,
                            false,
                            false,
                            { 0.30, 0, 0, 0.05, 0, 0, 0.65 },
                            { 0.99998, 0, 0, 0.00001, 0, 0, 0.00001 } },
    [TOC_LINKAGE_ADDRESS] = { KIND_TEXT,
                              true,
                              true,
                              false,
                              false,
                              TEXT_M,
                              { 0.989, 0, 0.008, 0.0015, 0.0005, 0, 0.001 } },
    [TOC_LINKAGE_HOUSE_NUMBER] = { KIND_NUMBER, true, true, false, false, NUMBER_M, { 0.88, 0, 0, 0.10, 0, 0, 0.02 } },
    [TOC_LINKAGE_PLACE] = { KIND_TEXT, true, true, true, false, TEXT_M, { 0.965, 0, 0.02, 0.0045, 0.0005, 0, 0.01 } },
    [TOC_LINKAGE_POSTCODE] = { KIND_NUMBER, true, true, true, false, NUMBER_M, { 0.985, 0, 0, 0.01, 0, 0, 0.005 } },
    [TOC_LINKAGE_OTHER] = { KIND_TEXT,
                            false,
                            false,
                            false,
                            false,
                            TEXT_M,
                            { 0.93, 0, 0.02, 0.0045, 0.0005, 0, 0.045 } },
};
