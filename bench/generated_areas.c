/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "generated_areas.h"

int generated_areas_write(FILE *file)
{
    fputs("code,name_zh\n", file);
    for (int a = 11; a < 42; a++) {
        fprintf(file, "%02d,云杉省%d\n", a, a);
        for (int b = 1; b <= 11; b++) {
            fprintf(file, "%02d%02d,松谷市%d\n", a, b, b);
            for (int c = 1; c <= 9; c++) {
                fprintf(file, "%02d%02d%02d,白石县%d\n", a, b, c, c);
                for (int d = 1; d <= 14; d++) {
                    fprintf(file, "%02d%02d%02d%03d,红土乡%d\n", a, b, c, d, d);
                    for (int e = 200; e < 215; e++)
                        fprintf(file, "%02d%02d%02d%03d%03d,鹤桥村民委员会%d\n", a, b, c, d, e, e);
                }
            }
        }
    }
    return fflush(file);
}
