/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time_zone.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"

#define ZONES "/usr/share/zoneinfo"
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/";

/* TZ as the process was started with it. */
static struct {
    bool taken, given;
    char value[PATH_MAX];
} before;

static void take_before(void)
{
    const char *value = getenv("TZ");
    if (before.taken)
        return;
    before.taken = true;
    before.given = value != NULL && strlen(value) < sizeof before.value;
    if (before.given)
        memcpy(before.value, value, strlen(value) + 1);
}

bool time_zone_exists(const char *name)
{
    char        path[PATH_MAX], magic[4] = "";
    const char *zones = getenv("TZDIR");
    size_t      size = strlen(name);
    if (size == 0 || size >= TIME_ZONE_BYTES || strspn(name, letters) != size || *name == '/')
        return false;
    if (snprintf(path, sizeof path, "%s/%s", zones != NULL ? zones : ZONES, name) >= (int) sizeof path)
        return false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool is_zone = read(file, magic, sizeof magic) == (ssize_t) sizeof magic && memcmp(magic, "TZif", 4) == 0;
    close(file);
    return is_zone;
}

int time_zone_set(const char *name)
{
    int ret;
    take_before();
    if (*name != '\0' && !time_zone_exists(name))
        return BASE_ERR_INPUT;
    if (*name != '\0')
        ret = setenv("TZ", name, 1);
    else
        ret = before.given ? setenv("TZ", before.value, 1) : unsetenv("TZ");
    tzset();
    return ret == 0 ? 0 : BASE_ERR_SYSTEM;
}

void time_zone_name(char name[TIME_ZONE_BYTES])
{
    char        path[PATH_MAX];
    const char *found = getenv("TZ");
    if (found != NULL && *found == ':')
        found++;
    if (found == NULL) {
        ssize_t size = readlink("/etc/localtime", path, sizeof path - 1);
        path[size > 0 ? size : 0] = '\0';
        found = strstr(path, "zoneinfo/");
        found = found != NULL ? found + strlen("zoneinfo/") : "";
    }
    snprintf(name, TIME_ZONE_BYTES, "%s", *found != '\0' ? found : "UTC");
}

static int64_t seconds_of(int64_t instant)
{
    return instant / INSTANT_SECOND - (instant % INSTANT_SECOND < 0);
}

static struct tm local_of(int64_t instant)
{
    time_t    seconds = (time_t) seconds_of(instant);
    struct tm local = { .tm_mday = 1 };
    localtime_r(&seconds, &local);
    return local;
}

toc_date time_zone_day(int64_t instant)
{
    int64_t local = seconds_of(instant) + time_zone_offset(instant) / INSTANT_SECOND, day = 86400;
    return (toc_date) (local / day - (local % day < 0));
}

int time_zone_hour(int64_t instant)
{
    return local_of(instant).tm_hour;
}

int64_t time_zone_offset(int64_t instant)
{
    return (int64_t) local_of(instant).tm_gmtoff * INSTANT_SECOND;
}

void time_zone_minute(int64_t instant, char text[TIME_ZONE_MINUTE_BYTES])
{
    char    local[INSTANT_TEXT_BYTES];
    int64_t offset = time_zone_offset(instant), minutes = (offset < 0 ? -offset : offset) / (60 * INSTANT_SECOND);
    text[0] = '\0';
    if (instant_to_text(instant + offset, local) == 0)
        return;
    int size = snprintf(text, TIME_ZONE_MINUTE_BYTES, "%.10s %.5s (UTC", local, local + 11);
    if (minutes != 0)
        size += snprintf(text + size, TIME_ZONE_MINUTE_BYTES - (size_t) size, "%c%02d:%02d", offset < 0 ? '-' : '+',
                         (int) (minutes / 60 % 100), (int) (minutes % 60));
    snprintf(text + size, TIME_ZONE_MINUTE_BYTES - (size_t) size, ")");
}

int64_t time_zone_start(toc_date day)
{
    int64_t earlier = ((int64_t) day - 2) * INSTANT_DAY, later = ((int64_t) day + 2) * INSTANT_DAY;
    while (later - earlier > INSTANT_SECOND) { /* whole seconds: days begin at one */
        int64_t between = earlier + (later - earlier) / (2 * INSTANT_SECOND) * INSTANT_SECOND;
        if (time_zone_day(between) >= day)
            later = between;
        else
            earlier = between;
    }
    return later;
}
