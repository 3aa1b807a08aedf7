# SPDX-License-Identifier: GPL-3.0-or-later
# The daily counts and serial intervals that the R package EpiEstim ships, as two CSV files in the folder named by the
# first argument. The shared oracle holds what EpiEstim makes of them, but not the counts themselves; they come under
# the package's licence, so they are taken from the installed package when the tests are built, and never kept here.
folder <- commandArgs(TRUE)[1]
names <- c("Flu1918", "Flu2009", "SARS2003", "Measles1861", "Smallpox1972")
space <- new.env()
data(list = c(names, "mers_2014_15"), package = "EpiEstim", envir = space)
number <- function(x) format(x, digits = 17, trim = TRUE, scientific = FALSE)

rows <- function(series, cases, imported) data.frame(series, cases = number(cases), imported = number(imported))
counts <- do.call(rbind, lapply(names, function(name) {
    cases <- get(name, space)$incidence
    if (is.data.frame(cases)) cases <- cases$I
    rows(name, cases, 0)
}))
mers <- space$mers_2014_15$incidence[1:150, ]
counts <- rbind(counts, rows("MERS", mers$local + mers$imported, mers$imported))
write.csv(counts, file.path(folder, "epiestim_counts.csv"), row.names = FALSE, quote = FALSE)

intervals <- do.call(rbind, lapply(names, function(name) {
    w <- get(name, space)$si_distr
    data.frame(series = name, k = seq_along(w) - 1, w = number(w))
}))
write.csv(intervals, file.path(folder, "epiestim_intervals.csv"), row.names = FALSE, quote = FALSE)
