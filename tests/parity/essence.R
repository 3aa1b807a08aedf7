# SPDX-License-Identifier: GPL-3.0-or-later
# An independent reference for EWMA, adaptive regression and their switch (include/tocsin/essence.h), for which there is
# no R package to compare with: weighted regressions by lm() and predict(), EWMA by its recursion, and the variance of the
# smoothed excess from its response to a unit count on each day.
#
#   Rscript tests/parity/essence.R tests/parity/essence      writes series.csv, series_meta.csv, out_essence.csv
Sys.setenv(TZ = "UTC")
folder <- commandArgs(TRUE)[1]
set.seed(20, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

# ---- series of our own making ----

series <- list()
add <- function(id, y, freq, first = NA, holiday = rep(0, length(y))) {
  n <- length(y)
  dates <- if (is.na(first)) rep("", n) else format(seq(as.Date(first), by = if (freq == 365) 1 else 7, length.out = n))
  series[[id]] <<- list(y = y, freq = freq, dates = dates, holiday = holiday)
}
weekday_factor <- c(1.4, 1.1, 1, 1, 1.1, .5, .4)
n <- 130
day <- seq_len(n)
busy <- rnbinom(n, mu = 80 * exp(.002 * day) * weekday_factor[(day - 1) %% 7 + 1], size = 60)
busy[120:124] <- busy[120:124] + c(10, 30, 60, 40, 15)
add("busy", busy, 365, "2023-01-02")
small <- rpois(n, 3)
small[118:121] <- small[118:121] + c(1, 3, 5, 4)
add("small", small, 365, "2023-01-04")
add("zeros", replace(rep(0, n), c(105, 110, 111, 125), c(1, 1, 2, 3)), 365, "2023-01-05")
holiday <- as.numeric(day %in% c(70, 78, 84, 92, 93, 100, 118))
gaps <- rnbinom(n, mu = 40 * weekday_factor[(day - 1) %% 7 + 1] * ifelse(holiday == 1, .4, 1), size = 30)
gaps[c(62, 80, 81, 97, 111, 129)] <- NA
add("gaps", gaps, 365, "2023-01-02", holiday)
add("undated", rnbinom(n, mu = 15, size = 8), 365)
add("weekly", rpois(n, 20 + 8 * cos(2 * pi * day / 52)), 52, "2020-01-06")

# ---- one step ----

apart <- function(s, o) o$weekdays && s$freq == 365 && s$dates[1] != ""

groups_of <- function(s, o) {
  g <- if (apart(s, o)) format(as.Date(s$dates), "%u") else rep("0", length(s$y))
  ifelse(s$holiday == 1, "holiday", g)
}

# what the variance of each group's counts is proportional to
scales <- function(s, g, rows, o) {
  cases <- tapply(s$y[rows], g[rows], sum)
  if (apart(s, o)) (cases + 1) / table(g[rows])[names(cases)] else replace(cases, TRUE, 1)
}

none <- c(expected = NA, threshold = NA, r2 = NA)

regression <- function(s, g, k, o) {
  rows <- (k - o$guard - o$baseline):(k - o$guard - 1)
  if (rows[1] < 1) return(none)
  rows <- rows[!is.na(s$y[rows])]
  if (2 * length(rows) < o$baseline || is.na(s$y[k])) return(none)
  if (sum(g[rows] == g[k]) < if (g[k] == "holiday") 2 else 1) return(none)
  v <- scales(s, g, rows, o)
  v_row <- as.numeric(v[g[rows]])
  data <- data.frame(y = s$y[rows], x = v_row * rows, g = factor(g[rows]), w = 1 / v_row)
  if (length(rows) < nlevels(data$g) + 4) return(none)
  fit <- if (nlevels(data$g) > 1) lm(y ~ g + x, data, weights = w) else lm(y ~ x, data, weights = w)
  here <- v[[g[k]]]
  new <- data.frame(x = here * k, g = factor(g[k], levels(data$g)))
  at <- suppressWarnings(predict(fit, new, se.fit = TRUE))
  root_phi <- at$residual.scale
  sigma <- max(root_phi * sqrt(here), o$min_sigma)
  unit <- if (root_phi > 0) at$se.fit / root_phi else { # the standard error for phi = 1, from the design itself
    x <- model.matrix(fit)
    x0 <- model.matrix(delete.response(terms(fit)), new)
    sqrt(drop(x0 %*% solve(crossprod(x * sqrt(data$w)), t(x0))))
  }
  r2 <- if (var(data$y) > 0) 1 - sum(residuals(fit)^2) / at$df / var(data$y) else NA # of the counts, unweighted
  error <- sigma * sqrt(1 + unit^2 / here)
  c(expected = unname(at$fit), threshold = unname(at$fit + qt(1 - o$alpha, at$df) * error), r2 = r2)
}

ewma <- function(s, g, k, o) {
  base <- (k - o$guard - o$baseline):(k - o$guard - 1)
  if (base[1] < 1) return(none)
  usable <- !is.na(s$y) & s$holiday == 0
  used <- base[usable[base]]
  if (!usable[k] || 2 * length(used) < o$baseline || !(g[k] %in% g[used])) return(none)
  freedom <- length(used) - length(unique(g[used]))
  if (freedom < 3) return(none)
  window <- base[1]:k
  smoothed <- function(y, w) { # the recursion itself; a day that nobody counted adds no excess
    m <- tapply(y[used], g[used], mean)
    z <- 0
    for (i in window) z <- w * (if (usable[i] && g[i] %in% names(m)) y[i] - m[[g[i]]] else 0) + (1 - w) * z
    z
  }
  m <- tapply(s$y[used], g[used], mean)
  v <- scales(s, g, used, o)
  phi <- sum((s$y[used] - m[g[used]])^2 / v[g[used]]) / freedom
  sigma <- pmax(sqrt(phi * v), o$min_sigma)
  scatter <- replace(sigma[g[window]], !(g[window] %in% names(m)), 0)
  y0 <- replace(s$y, k, 0)
  thresholds <- sapply(o$w, function(w) {
    response <- sapply(window, function(i) if (usable[i]) smoothed(replace(numeric(length(s$y)), i, 1), w) else 0)
    (qt(1 - o$alpha, freedom) * sqrt(sum((response * scatter)^2)) - smoothed(y0, w)) / response[length(window)]
  })
  c(expected = m[[g[k]]], threshold = min(thresholds), r2 = NA)
}

switched <- function(s, g, k, o) {
  r <- regression(s, g, k, o)
  if (g[k] == "holiday") return(r)
  if (!is.na(r[["r2"]]) && r[["r2"]] >= .6) r else ewma(s, g, k, o)
}

# ---- all of them ----

options(warn = 1)
text <- function(x) ifelse(is.na(x), "NA", sprintf("%.17g", x))
settings <- list(list(baseline = 28, guard = 2, alpha = .01, min_sigma = .5, w = c(.4, .9), weekdays = TRUE),
                 list(baseline = 28, guard = 2, alpha = .01, min_sigma = .5, w = c(.4, .9), weekdays = FALSE),
                 list(baseline = 42, guard = 0, alpha = .002, min_sigma = 0, w = c(.2, 1), weekdays = TRUE))
rules <- list(switch = switched, ewma = ewma, regression = regression)
out <- list()
for (id in names(series)) for (i in seq_along(settings)) for (rule in names(rules)) {
  if (i == 3 && id == "zeros") next # with no floor, nothing but rounding is left there
  s <- series[[id]]
  g <- groups_of(s, settings[[i]])
  for (k in c(20, 31, 80:130)) {
    r <- rules[[rule]](s, g, k, settings[[i]])
    r <- pmax(r, 0)
    out[[length(out) + 1]] <- data.frame(series = id, setting = i, rule = rule, idx = k, expected = text(r[["expected"]]),
                                         threshold = text(r[["threshold"]]), alarm = as.numeric(s$y[k] > r[["threshold"]]))
  }
}
write_csv <- function(data, name) {
  path <- file.path(folder, name)
  writeLines(paste0("# R ", getRversion(), ", lm() and tests/parity/essence.R"), path)
  suppressWarnings(write.table(data, path, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}
write_csv(do.call(rbind, lapply(names(series), function(id) with(series[[id]], data.frame(
  series = id, idx = seq_along(y), date = dates, observed = y, population = "", holiday = holiday)))), "series.csv")
write_csv(do.call(rbind, lapply(names(series), function(id) with(series[[id]], data.frame(
  series = id, freq = freq, n = length(y), dated = dates[1] != "")))), "series_meta.csv")
write_csv(do.call(rbind, out), "out_essence.csv")
