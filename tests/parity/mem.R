# SPDX-License-Identifier: GPL-3.0-or-later
# The moving epidemic method, written from the published description alone and in the plainest way, as a reference for
# lib/season.c; and fourteen winters of our own making to try it on.
# usage: Rscript tests/parity/mem.R tests/parity/recorded
folder <- commandArgs(TRUE)[1]
number <- function(x) ifelse(is.na(x), "NA", format(x, digits = 17, trim = TRUE))

# ---- winters: ISO weeks 2004-W40 … 2018-W39, some of 53-week years; one week missing ----
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(2018)
monday <- seq(as.Date("2004-09-27"), as.Date("2018-09-24"), by = 7)
iso <- function(format_text) as.integer(strftime(monday, format_text))
week <- iso("%V")
year <- iso("%G")
season <- ifelse(week >= 40, year, ifelse(week <= 20, year - 1, NA))
peak <- setNames(runif(15, 14, 24), 2004:2018)
height <- setNames(exp(rnorm(15, 6, .5)), 2004:2018)
place <- ave(seq_along(monday), season, FUN = seq_along)
level <- ifelse(is.na(season), 15, 20 + place / 2 + height[as.character(season)] * exp(-((place - peak[as.character(season)]) / 3)^2))
observed <- rnbinom(length(monday), mu = level, size = 30)
observed[200] <- NA
population <- 100000 + 1000 * (year - 2004)

# ---- the method ----
fill <- function(x) approx(seq_along(x), x, seq_along(x), rule = 2)$y
stretch <- function(x, r) sapply(seq_len(length(x) - r + 1), function(i) sum(x[i:(i + r - 1)]))
epidemic <- function(x, delta) {
    map <- sapply(seq_along(x), function(r) 100 * max(stretch(x, r)) / sum(x))
    r <- c(which(diff(map) < delta), length(x))[1]
    first <- which.max(stretch(x, r))
    c(first, first + r - 1)
}
top <- function(x, k) head(sort(x, decreasing = TRUE), k)
thresholds <- function(values, delta, level, intensity, total) {
    k <- max(1, floor(total / length(values) + .5))
    timing <- lapply(values, epidemic, delta = delta)
    part <- function(choose) unlist(Map(function(x, e) top(x[choose(seq_along(x), e)], k), values, timing))
    before <- part(function(i, e) i < e[1])
    within <- log(part(function(i, e) i >= e[1] & i <= e[2]))
    after <- part(function(i, e) i > e[2])
    upper <- function(x, p) mean(x) + qnorm(p) * sd(x)
    c(upper(before, level), upper(after, level), exp(upper(within, intensity)))
}

settings <- list(list(2.8, .95, c(.4, .9, .975), 30, 10, FALSE), list(2, .9, c(.5, .8, .95), 30, 6, FALSE),
    list(4, .95, c(.4, .9, .975), 20, 10, TRUE))
rows <- NULL
for (s in seq_along(settings)) {
    p <- settings[[s]]
    rate <- if (p[[6]]) observed / population * 1e5 else observed
    per_season <- lapply(split(rate, season), fill)
    for (now in 2009:2017) {
        past <- tail(per_season[as.integer(names(per_season)) < now], p[[5]])
        limits <- thresholds(past, p[[1]], p[[2]], p[[3]], p[[4]])
        on <- FALSE
        for (i in which(season == now)) {
            was <- on
            if (!is.na(rate[i])) on <- if (was) rate[i] >= limits[2] else rate[i] > limits[1]
            unit <- if (p[[6]]) population[i] / 1e5 else 1
            rows <- rbind(rows, data.frame(setting = s, idx = i, threshold = unit * limits[if (was) 2 else 1],
                medium = unit * limits[3], high = unit * limits[4], very_high = unit * limits[5],
                level = if (!on) 0 else 1 + sum(rate[i] > limits[3:5])))
        }
    }
}
write_table <- function(table, file) {
    connection <- file(file.path(folder, file), "w")
    writeLines(sprintf("# R %s, tests/parity/mem.R", getRversion()), connection)
    write.csv(table, connection, row.names = FALSE, quote = FALSE)
    close(connection)
}
write_table(data.frame(date = monday, observed = number(observed), population = number(population)), "winters.csv")
rows[3:6] <- lapply(rows[3:6], number)
write_table(rows, "out_season.csv")
