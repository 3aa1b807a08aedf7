/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/county_names.h"

#include <stdio.h>

#include "model/county_chance.h"

struct word {
    const char *en, *zh, *bo;
};

/* clang-format off: tables */
static const struct word firsts[] = {
    { "Juniper", "柏树", "ཤུག་པ" },    { "Spring", "泉水", "ཆུ་མིག" },  { "White Rock", "白石", "རྡོ་དཀར" },
    { "Red Earth", "红土", "ས་དམར" }, { "Snow", "白雪", "གངས" },     { "Crane", "黑鹤", "ཁྲུང་ཁྲུང" },
    { "Deer", "白鹿", "ཤ་བ" },        { "Yak", "牦牛", "གཡག" },      { "Horse", "骏马", "རྟ" },
    { "Sheep", "羊群", "ལུག" },        { "Barley", "青稞", "ནས" },    { "Apricot", "杏花", "ཁམ་བུ" },
    { "Willow", "柳树", "ལྕང་མ" },     { "Birch", "桦树", "སྟག་པ" },   { "Lotus", "莲花", "པདྨ" },
    { "Flower", "野花", "མེ་ཏོག" },     { "Turquoise", "绿松", "གཡུ" }, { "Gold", "黄金", "གསེར" },
    { "Silver", "白银", "དངུལ" },      { "Copper", "紫铜", "ཟངས" },   { "Iron", "黑铁", "ལྕགས" },
    { "Salt", "盐池", "ཚྭ" },          { "Sun", "旭日", "ཉི་མ" },      { "Moon", "新月", "ཟླ་བ" },
    { "Star", "星光", "སྐར་མ" },       { "Cloud", "彩云", "སྤྲིན" },     { "Wind", "清风", "རླུང" },
    { "Rainbow", "彩虹", "འཇའ" },     { "Dragon", "飞龙", "འབྲུག" },   { "Tiger", "猛虎", "སྟག" },
    { "Lion", "雄狮", "སེང་གེ" },       { "Eagle", "苍鹰", "གླག" },     { "Cuckoo", "杜鹃", "ཁུ་བྱུག" },
    { "Swan", "天鹅", "ངང་པ" },       { "Pine", "青松", "ཐང་ཤིང" },   { "Poplar", "白杨", "དབྱར་པ" },
    { "Walnut", "核桃", "སྟར་ཀ" },     { "Apple", "苹果", "ཀུ་ཤུ" },    { "Tea", "香茶", "ཇ" },
    { "Wool", "羊毛", "བལ" },         { "New", "新建", "གསར" },      { "Old", "古老", "རྙིང" },
    { "Upper", "上方", "སྟོད" },        { "Lower", "下方", "སྨད" },
};

static const struct word seconds[] = {
    { "Valley", "谷", "ལུང" },  { "Ford", "渡", "རབས" },   { "Bridge", "桥", "ཟམ" }, { "Pass", "垭", "ལ" },
    { "Plain", "坝", "ཐང" },   { "Mountain", "岭", "རི" }, { "Lake", "湖", "མཚོ" },   { "River", "溪", "ཆུ" },
    { "Forest", "林", "ནགས" }, { "Meadow", "滩", "སྤང" },  { "Field", "田", "ཞིང" },  { "Cliff", "崖", "བྲག" },
    { "Gate", "门", "སྒོ" },     { "Slope", "坡", "གཟར" },  { "Island", "洲", "གླིང" }, { "Cave", "洞", "ཕུག" },
    { "Garden", "园", "ལྡུམ" },  { "Well", "井", "ཁྲོན" },
};

static const struct word kinds[COUNTY_NUM_LEVELS] = {
    { "Land", "国", "རྒྱལ་ཁབ" }, { "Province", "省", "ཞིང་ཆེན" }, { "City", "市", "གྲོང་ཁྱེར" },
    { "County", "县", "རྫོང" },  { "Township", "乡", "ཤང" },    { "Village", "村", "གྲོང་ཚོ" },
};
/* clang-format on */

enum {
    NUM_FIRSTS = sizeof firsts / sizeof *firsts,
    NUM_SECONDS = sizeof seconds / sizeof *seconds,
    NUM_NAMES = NUM_FIRSTS * NUM_SECONDS
};

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void county_name(uint64_t seed, struct county_area *area, uint32_t parent, uint32_t number)
{
    struct chance      chance = chance_begin(seed, CHANCE_NAME, (uint64_t) parent + 1);
    const struct word *kind = &kinds[area->level];
    uint32_t           start = chance_below(&chance, NUM_NAMES), stride;
    if (area->level == COUNTY_COUNTRY) {
        snprintf(area->name_en, COUNTY_NAME_BYTES, "Land of the Cuckoo");
        snprintf(area->name_zh, COUNTY_NAME_BYTES, "杜鹃国");
        snprintf(area->name_bo, COUNTY_NAME_BYTES, "ཁུ་བྱུག་རྒྱལ་ཁབ");
        return;
    }
    do
        stride = 1 + chance_below(&chance, NUM_NAMES - 1);
    while (greatest_common_divisor(stride, NUM_NAMES) != 1); /* then no name comes again before all have come */
    uint32_t           name = (start + number * stride) % NUM_NAMES;
    const struct word *first = &firsts[name % NUM_FIRSTS], *second = &seconds[name / NUM_FIRSTS];
    snprintf(area->name_en, COUNTY_NAME_BYTES, "%s %s %s", first->en, second->en, kind->en);
    snprintf(area->name_zh, COUNTY_NAME_BYTES, "%s%s%s", first->zh, second->zh, kind->zh);
    snprintf(area->name_bo, COUNTY_NAME_BYTES, "%s་%s་%s", first->bo, second->bo, kind->bo);
}
