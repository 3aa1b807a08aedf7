/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/view/def.h: the words of view/<list>.def. As model/def.h: define VIEW_WORDS_DEFAULT, include this, redefine
 * the words wanted, include "model/view/all.def".
 *
 *     #define SELF cases                       the list's name
 *     VIEW(CASE, "Cases", "病例列表")          its record and titles
 *     COLUMN(name, "path")
 *     DAYS(name, "path", "later path", "English", "中文")
 *     FILTER("field", IS)  FILTER("field", RANGE)
 *     SORT("field")                            the usual one first
 *     KEYS("field", …)                         filters that stand in the indexes (view.h)
 *     RARE("field", …)                         filters that have an index of their own (view.h)
 *     CARRIED("field", …)                      filters whose values stand in the indexes of the orders (view.h)
 *     COUNTED("counter")
 *     END_VIEW
 *     #undef SELF
 */
#ifdef VIEW_WORDS_DEFAULT
#undef VIEW_WORDS_DEFAULT
#undef VIEW
#undef COLUMN
#undef DAYS
#undef FILTER
#undef SORT
#undef KEYS
#undef RARE
#undef CARRIED
#undef COUNTED
#undef END_VIEW
#define VIEW(record, title_en, title_zh)
#define COLUMN(name, path)
#define DAYS(name, path, later, label_en, label_zh)
#define FILTER(field, test)
#define SORT(field)
#define KEYS(...)
#define RARE(...)
#define CARRIED(...)
#define COUNTED(counter)
#define END_VIEW
#endif
