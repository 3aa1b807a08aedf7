/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/people_names.h"

/* clang-format off: tables */
#define TABLE(array)                                                                                                   \
    {                                                                                                                  \
        (array), sizeof(array) / sizeof *(array)                                                                       \
    }

static const struct people_name surnames[] = {
    { "王", NULL, "Wang", 725 },  { "李", NULL, "Li", 719 },     { "张", NULL, "Zhang", 683 },
    { "刘", NULL, "Liu", 538 },   { "陈", NULL, "Chen", 453 },   { "杨", NULL, "Yang", 308 },
    { "黄", NULL, "Huang", 223 }, { "赵", NULL, "Zhao", 229 },   { "吴", NULL, "Wu", 205 },
    { "周", NULL, "Zhou", 212 },  { "徐", NULL, "Xu", 167 },     { "孙", NULL, "Sun", 154 },
    { "马", NULL, "Ma", 129 },    { "朱", NULL, "Zhu", 126 },    { "胡", NULL, "Hu", 131 },
    { "郭", NULL, "Guo", 115 },   { "何", NULL, "He", 117 },     { "高", NULL, "Gao", 100 },
    { "林", NULL, "Lin", 118 },   { "罗", NULL, "Luo", 86 },     { "郑", NULL, "Zheng", 93 },
    { "梁", NULL, "Liang", 84 },  { "谢", NULL, "Xie", 72 },     { "宋", NULL, "Song", 81 },
    { "唐", NULL, "Tang", 65 },   { "许", NULL, "Xu", 66 },      { "韩", NULL, "Han", 68 },
    { "冯", NULL, "Feng", 64 },   { "邓", NULL, "Deng", 62 },    { "曹", NULL, "Cao", 60 },
    { "彭", NULL, "Peng", 58 },   { "曾", NULL, "Zeng", 58 },    { "肖", NULL, "Xiao", 56 },
    { "田", NULL, "Tian", 52 },   { "董", NULL, "Dong", 51 },    { "袁", NULL, "Yuan", 50 },
    { "潘", NULL, "Pan", 50 },    { "于", NULL, "Yu", 48 },      { "蒋", NULL, "Jiang", 47 },
    { "蔡", NULL, "Cai", 46 },    { "余", NULL, "Yu", 42 },      { "杜", NULL, "Du", 41 },
    { "叶", NULL, "Ye", 41 },     { "程", NULL, "Cheng", 40 },   { "苏", NULL, "Su", 39 },
    { "魏", NULL, "Wei", 40 },    { "吕", NULL, "Lyu", 38 },     { "丁", NULL, "Ding", 37 },
    { "任", NULL, "Ren", 37 },    { "沈", NULL, "Shen", 37 },    { "姚", NULL, "Yao", 36 },
    { "卢", NULL, "Lu", 36 },     { "姜", NULL, "Jiang", 34 },   { "崔", NULL, "Cui", 33 },
    { "钟", NULL, "Zhong", 32 },  { "谭", NULL, "Tan", 31 },     { "陆", NULL, "Lu", 30 },
    { "汪", NULL, "Wang", 30 },   { "范", NULL, "Fan", 29 },     { "金", NULL, "Jin", 28 },
    { "石", NULL, "Shi", 28 },    { "廖", NULL, "Liao", 28 },    { "贾", NULL, "Jia", 27 },
    { "夏", NULL, "Xia", 26 },    { "韦", NULL, "Wei", 26 },     { "付", NULL, "Fu", 25 },
    { "方", NULL, "Fang", 25 },   { "白", NULL, "Bai", 24 },     { "邹", NULL, "Zou", 24 },
    { "孟", NULL, "Meng", 23 },   { "熊", NULL, "Xiong", 23 },   { "秦", NULL, "Qin", 22 },
    { "邱", NULL, "Qiu", 22 },    { "江", NULL, "Jiang", 22 },   { "尹", NULL, "Yin", 21 },
    { "薛", NULL, "Xue", 21 },    { "闫", NULL, "Yan", 20 },     { "段", NULL, "Duan", 20 },
    { "雷", NULL, "Lei", 20 },    { "侯", NULL, "Hou", 20 },     { "单", NULL, "Shan", 5 },
    { "解", NULL, "Xie", 5 },     { "欧阳", NULL, "Ouyang", 7 }, { "仇", NULL, "Qiu", 3 },
};

static const struct people_name given_women[] = {
    { "芳", NULL, "fang", 0 }, { "娜", NULL, "na", 0 },   { "秀", NULL, "xiu", 0 },  { "英", NULL, "ying", 0 },
    { "敏", NULL, "min", 0 },  { "静", NULL, "jing", 0 }, { "丽", NULL, "li", 0 },   { "艳", NULL, "yan", 0 },
    { "娟", NULL, "juan", 0 }, { "霞", NULL, "xia", 0 },  { "燕", NULL, "yan", 0 },  { "玲", NULL, "ling", 0 },
    { "桂", NULL, "gui", 0 },  { "兰", NULL, "lan", 0 },  { "梅", NULL, "mei", 0 },  { "红", NULL, "hong", 0 },
    { "玉", NULL, "yu", 0 },   { "萍", NULL, "ping", 0 }, { "婷", NULL, "ting", 0 }, { "雪", NULL, "xue", 0 },
    { "琴", NULL, "qin", 0 },  { "慧", NULL, "hui", 0 },  { "莉", NULL, "li", 0 },   { "云", NULL, "yun", 0 },
    { "莹", NULL, "ying", 0 }, { "洁", NULL, "jie", 0 },  { "欣", NULL, "xin", 0 },  { "雨", NULL, "yu", 0 },
    { "春", NULL, "chun", 0 }, { "凤", NULL, "feng", 0 }, { "晓", NULL, "xiao", 0 }, { "佳", NULL, "jia", 0 },
    { "思", NULL, "si", 0 },   { "淑", NULL, "shu", 0 },  { "珍", NULL, "zhen", 0 }, { "宁", NULL, "ning", 0 },
};

static const struct people_name given_men[] = {
    { "伟", NULL, "wei", 0 },  { "强", NULL, "qiang", 0 }, { "军", NULL, "jun", 0 },   { "勇", NULL, "yong", 0 },
    { "杰", NULL, "jie", 0 },  { "涛", NULL, "tao", 0 },   { "磊", NULL, "lei", 0 },   { "明", NULL, "ming", 0 },
    { "超", NULL, "chao", 0 }, { "鹏", NULL, "peng", 0 },  { "华", NULL, "hua", 0 },   { "建", NULL, "jian", 0 },
    { "国", NULL, "guo", 0 },  { "志", NULL, "zhi", 0 },   { "文", NULL, "wen", 0 },   { "平", NULL, "ping", 0 },
    { "林", NULL, "lin", 0 },  { "峰", NULL, "feng", 0 },  { "刚", NULL, "gang", 0 },  { "海", NULL, "hai", 0 },
    { "波", NULL, "bo", 0 },   { "斌", NULL, "bin", 0 },   { "宇", NULL, "yu", 0 },    { "浩", NULL, "hao", 0 },
    { "辉", NULL, "hui", 0 },  { "健", NULL, "jian", 0 },  { "俊", NULL, "jun", 0 },   { "龙", NULL, "long", 0 },
    { "东", NULL, "dong", 0 }, { "飞", NULL, "fei", 0 },   { "晓", NULL, "xiao", 0 },  { "永", NULL, "yong", 0 },
    { "天", NULL, "tian", 0 }, { "金", NULL, "jin", 0 },   { "成", NULL, "cheng", 0 }, { "宁", NULL, "ning", 0 },
};

static const struct people_name bo_first[] = {
    { "丹增", "བསྟན་འཛིན", "Tenzin", 0 },  { "扎西", "བཀྲ་ཤིས", "Tashi", 0 },    { "平措", "ཕུན་ཚོགས", "Phuntsok", 0 },
    { "次仁", "ཚེ་རིང", "Tsering", 0 },    { "达瓦", "ཟླ་བ", "Dawa", 0 },       { "尼玛", "ཉི་མ", "Nyima", 0 },
    { "巴桑", "པ་སངས", "Pasang", 0 },    { "拉巴", "ལྷག་པ", "Lhakpa", 0 },    { "米玛", "མིག་དམར", "Mikmar", 0 },
    { "普布", "ཕུར་བུ", "Phurbu", 0 },     { "边巴", "སྤེན་པ", "Penpa", 0 },     { "索朗", "བསོད་ནམས", "Sonam", 0 },
    { "格桑", "བསྐལ་བཟང", "Kelsang", 0 }, { "强巴", "བྱམས་པ", "Jampa", 0 },    { "嘎玛", "ཀརྨ", "Karma", 0 },
    { "土登", "ཐུབ་བསྟན", "Thubten", 0 },  { "阿旺", "ངག་དབང", "Ngawang", 0 }, { "洛桑", "བློ་བཟང", "Lobsang", 0 },
    { "仁青", "རིན་ཆེན", "Rinchen", 0 },   { "次旺", "ཚེ་དབང", "Tsewang", 0 },  { "次旦", "ཚེ་བརྟན", "Tseten", 0 },
    { "益西", "ཡེ་ཤེས", "Yeshe", 0 },      { "白玛", "པདྨ", "Pema", 0 },        { "德吉", "བདེ་སྐྱིད", "Dekyi", 0 },
};

static const struct people_name bo_women[] = {
    { "卓玛", "སྒྲོལ་མ", "Dolma", 0 },    { "拉姆", "ལྷ་མོ", "Lhamo", 0 },    { "央金", "དབྱངས་ཅན", "Yangchen", 0 },
    { "曲珍", "ཆོས་སྒྲོན", "Chodron", 0 }, { "旺姆", "དབང་མོ", "Wangmo", 0 }, { "玉珍", "གཡུ་སྒྲོན", "Yudron", 0 },
    { "拉珍", "ལྷ་སྒྲོན", "Lhadron", 0 },  { "梅朵", "མེ་ཏོག", "Metok", 0 },   { "桑姆", "བཟང་མོ", "Zangmo", 0 },
    { "措姆", "མཚོ་མོ", "Tsomo", 0 },    { "德吉", "བདེ་སྐྱིད", "Dekyi", 0 },  { "白玛", "པདྨ", "Pema", 0 },
};

static const struct people_name bo_men[] = {
    { "多吉", "རྡོ་རྗེ", "Dorje", 0 },       { "罗布", "ནོར་བུ", "Norbu", 0 },     { "坚赞", "རྒྱལ་མཚན", "Gyaltsen", 0 },
    { "旺久", "དབང་ཕྱུག", "Wangchuk", 0 }, { "旺堆", "དབང་འདུས", "Wangdu", 0 }, { "顿珠", "དོན་གྲུབ", "Dondrup", 0 },
    { "曲培", "ཆོས་འཕེལ", "Chophel", 0 },  { "次仁", "ཚེ་རིང", "Tsering", 0 },   { "平措", "ཕུན་ཚོགས", "Phuntsok", 0 },
    { "扎西", "བཀྲ་ཤིས", "Tashi", 0 },     { "索朗", "བསོད་ནམས", "Sonam", 0 },  { "达杰", "དར་རྒྱས", "Dargye", 0 },
};

const struct people_names people_surnames = TABLE(surnames);
const struct people_names people_given_zh[2] = { TABLE(given_women), TABLE(given_men) };
const struct people_names people_given_bo_first = TABLE(bo_first);
const struct people_names people_given_bo_second[2] = { TABLE(bo_women), TABLE(bo_men) };
/* clang-format on */
