# SPDX-License-Identifier: GPL-3.0-or-later
# Asks R's surveillance and EpiEstim for the numbers that Tocsin must give with --compat r.
#
#   Rscript tests/parity/record.R recorded tests/parity/recorded   the fixed settings below; the output is kept in git
#   Rscript tests/parity/record.R random SEED FOLDER [COUNT]       COUNT (200) settings and new series, drawn from SEED
#
# Every series is made here. Files: series.csv, series_meta.csv, cases.csv (settings as JSON) and out_<algorithm>.csv,
# each under a first line that says which versions answered. tests/parity/oracle.h reads them.
#
# Left out of the draw, because R answers rounding noise there: groups of one baseline week, alpha near 0.5, constant series.
Sys.setenv(TZ = "UTC")
suppressMessages({ library(surveillance); library(EpiEstim); library(jsonlite) })
options(warn = -1)

# ---- series ----

series <- list()
add_series <- function(id, observed, freq, first = NULL, population = NULL) {
  n <- length(observed)
  step <- switch(as.character(freq), `52` = "7 days", `12` = "1 month", `365` = "1 day")
  dates <- if (!is.null(first)) seq(as.Date(first), by = step, length.out = n)
  series[[id]] <<- list(observed = as.numeric(observed), freq = freq, dates = dates, population = population)
}

counts <- function(mean, dispersion) {
  if (dispersion > 1) rnbinom(length(mean), mu = mean, size = mean / (dispersion - 1)) else rpois(length(mean), mean)
}

seasonal <- function(n, level, slope, amplitude, period) {
  t <- seq_len(n)
  exp(level + slope * t + amplitude * cos(2 * pi * t / period))
}

with_outbreak <- function(x, at, size) {
  x[at + 0:4] <- x[at + 0:4] + round(size * c(.2, .6, 1, .7, .3))
  x
}

make_series <- function() {
  u <- function(low, high) runif(1, low, high)
  weekly <- seasonal(416, u(1, 3), u(-.002, .003), u(.2, .9), 52)
  add_series("weekly", with_outbreak(counts(weekly, u(1.2, 4)), 380, 30), 52, "2008-12-29")
  add_series("weekly_sunday", counts(seasonal(400, u(.5, 2), u(0, .003), u(0, .5), 52), u(1, 2)), 52, "2004-02-29")
  add_series("undated", with_outbreak(counts(seasonal(380, u(.5, 2.5), u(-.002, .002), u(0, .6), 52), u(1, 3)), 200, 40), 52)
  add_series("sparse", with_outbreak(counts(rep(u(.05, .3), 380), 1), 365, 6), 52, "2010-01-04")
  gaps <- counts(seasonal(390, u(1.5, 2.5), 0, u(0, .5), 52), u(1.1, 2))
  gaps[sort(sample(380, 25))] <- NA
  add_series("missing", gaps, 52, "2008-01-07")
  persons <- round(1e5 * exp(seq(0, u(.2, 1), length.out = 390)))
  add_series("population", rpois(390, u(5e-5, 3e-4) * persons), 52, "2008-01-07", persons)
  weekend <- ifelse((seq_len(1600) + 3) %% 7 >= 5, -.6, 0)
  add_series("daily", counts(exp(1.5 + .3 * cos(2 * pi * seq_len(1600) / 365.25) + weekend), 1.5), 365, "2014-01-02")
  add_series("monthly", counts(seasonal(120, u(2, 4), 0, .5, 12), 2), 12, "2008-01-01")
  t <- seq_len(150)
  add_series("epidemic", rpois(150, 2 + 40 * exp(-((t - u(50, 90)) / 18)^2)), 365)
}

# ---- asking R ----

hush <- function(expression) {
  result <- NULL
  invisible(capture.output(result <- suppressMessages(suppressWarnings(expression))))
  result
}
message_of <- function(e) gsub("[\",\n]", " ", conditionMessage(e))

as_sts <- function(id) {
  s <- series[[id]]
  first <- if (is.null(s$dates)) c(2001, 1) else c(as.integer(format(s$dates[1], "%G")),
    as.integer(format(s$dates[1], switch(as.character(s$freq), `52` = "%V", `12` = "%m", `365` = "%j"))))
  arguments <- list(observed = s$observed, frequency = s$freq, start = first)
  if (!is.null(s$dates)) arguments <- c(arguments, list(epoch = as.numeric(s$dates), epochAsDate = TRUE))
  if (!is.null(s$population)) arguments$population <- matrix(s$population, ncol = 1)
  do.call(sts, arguments)
}
as_old <- function(id) surveillance:::sts2disProg(as_sts(id))

# The whole range in one call; where R stops, one row at a time, so that an error costs one row.
row_by_row <- function(ask, range, columns) {
  whole <- tryCatch(cbind(ask(range), error = ""), error = function(e) NULL)
  if (!is.null(whole)) return(whole)
  do.call(rbind, lapply(range, function(k) tryCatch(cbind(ask(k), error = ""), error = function(e)
    as.data.frame(c(list(idx = k), setNames(rep(list(NA), length(columns)), columns), list(error = message_of(e)))))))
}
of_sts <- function(method) function(id, range, p) row_by_row(function(rows) {
  z <- hush(method(as_sts(id), c(p, list(range = rows))))
  data.frame(idx = rows, upperbound = z@upperbound[, 1], alarm = as.numeric(z@alarm[, 1]))
}, range, c("upperbound", "alarm"))

ask <- list(earsC = of_sts(earsC), bayes = of_sts(bayes))

ask$farringtonFlexible <- function(id, range, p) {
  columns <- c("expected", "phi", "trend", "trendcoef", "mu0", "score", "pvalue")
  fields <- c("expected", "phiVector", "trend", "trendVector", "mu0Vector", "score", "pvalue")
  row_by_row(function(rows) {
    z <- hush(farringtonFlexible(as_sts(id), c(p, list(range = rows))))
    extra <- setNames(lapply(fields, function(f) z@control[[f]][, 1]), columns)
    data.frame(idx = rows, upperbound = z@upperbound[, 1], alarm = as.numeric(z@alarm[, 1]), extra)
  }, range, c("upperbound", "alarm", columns))
}

ask$farrington <- function(id, range, p) row_by_row(function(rows) {
  z <- hush(farrington(as_sts(id), c(p, list(range = rows)), verbose = FALSE))
  old <- hush(algo.farrington(as_old(id), c(p, list(range = rows))))
  data.frame(idx = rows, upperbound = z@upperbound[, 1], alarm = as.numeric(z@alarm[, 1]), trend = old$trend[, 1],
    q = old$control$pd[, 1], median = old$control$pd[, 2])
}, range, c("upperbound", "alarm", "trend", "q", "median"))

ask$cusum <- function(id, range, p) {
  z <- hush(algo.cusum(as_old(id), c(p, list(range = range))))
  data.frame(idx = range, upperbound = as.vector(z$upperbound), alarm = as.vector(z$alarm), cusum = as.vector(z$cusum),
    m = rep_len(as.vector(z$control$m), length(range)), error = "")
}

likelihood_ratio <- function(method) function(id, range, p) {
  if (identical(p$alpha, "NULL")) p["alpha"] <- list(NULL)
  if (is.numeric(p$mu0)) p$mu0 <- rep_len(p$mu0, length(range))
  z <- hush(method(as_old(id), c(p, list(range = range))))
  data.frame(idx = range, upperbound = as.vector(z$upperbound), alarm = as.numeric(z$alarm),
    mu0 = rep_len(as.vector(z$control$mu0), length(range)),
    alphahat = if (is.null(z$control$alpha)) NA else z$control$alpha, error = "")
}
ask$glrnb <- likelihood_ratio(algo.glrnb)
ask$glrpois <- likelihood_ratio(algo.glrpois)

windows <- function(n, width) list(t_start = seq(2, n - width + 1), t_end = seq(1 + width, n))

ask$estimate_R <- function(id, range, p) {
  incidence <- series[[id]]$observed
  config <- c(p$config, if (!is.null(p$win)) windows(length(incidence), p$win))
  z <- hush(estimate_R(incidence, method = p$method, config = do.call(make_config, config)))
  R <- setNames(z$R, c("t_start", "t_end", "mean", "sd", "q025", "q05", "q25", "q50", "q75", "q95", "q975"))
  data.frame(idx = R$t_end, R[, c(1, 3:11)], simean = z$SI.Moments$Mean, sisd = z$SI.Moments$Std, error = "")
}

ask$wallinga_teunis <- function(id, range, p) {
  incidence <- series[[id]]$observed
  config <- c(windows(length(incidence), p$win), list(mean_si = p$mean_si, std_si = p$std_si, n_sim = 0))
  z <- hush(wallinga_teunis(incidence, method = "parametric_si", config = config))
  data.frame(idx = z$R$t_end, t_start = z$R$t_start, mean = z$R[, 3], error = "")
}

ask$discr_si <- function(id, range, p)
  data.frame(idx = 0:p$kmax, mean = p$mu, sd = p$sigma, p = discr_si(0:p$kmax, p$mu, p$sigma), error = "")

# ---- settings ----

cases <- list()
case <- function(algorithm, id, from, to, ...) {
  answer <- ask[[algorithm]](id, from:to, list(...))
  cases[[length(cases) + 1]] <<- list(algo = algorithm, series = id, from = from, to = to, params = list(...), answer = answer)
}

fixed_cases <- function() {
  noufaily <- list(noPeriods = 10, b = 5, w = 3, weightsThreshold = 2.58, pastWeeksNotIncluded = 26, pThresholdTrend = 1)
  flexible <- function(id, from, to, ...) case("farringtonFlexible", id, from, to, ...)
  with_noufaily <- function(id, from, to, ...) do.call(flexible, c(list(id, from, to), noufaily, list(...)))
  flexible("weekly", 375, 400)
  flexible("weekly", 380, 390, b = 3, w = 2, reweight = FALSE)
  flexible("weekly", 380, 390, powertrans = "1/2", alpha = .01)
  flexible("weekly", 380, 390, powertrans = "none", trend = FALSE)
  with_noufaily("weekly", 375, 400, thresholdMethod = "nbPlugin")
  with_noufaily("weekly", 380, 390, thresholdMethod = "muan", alpha = .005)
  with_noufaily("weekly_sunday", 380, 395, thresholdMethod = "nbPlugin", alpha = .01)
  with_noufaily("sparse", 360, 375, thresholdMethod = "nbPlugin", limit54 = c(0, 4))
  flexible("undated", 330, 345, limit54 = c(10, 2), weightsThreshold = 1)
  flexible("missing", 340, 370, b = 4)
  flexible("population", 350, 365, populationOffset = TRUE)
  flexible("monthly", 90, 110, b = 4, w = 1)
  flexible("daily", 1500, 1506, b = 3, w = 3)
  for (id in c("weekly", "undated", "sparse")) case("farrington", id, 345, 370, limit54 = c(0, 4))
  case("farrington", "weekly", 375, 395, b = 3, w = 2, alpha = .01, powertrans = "1/2", reweight = FALSE)
  case("farrington", "weekly", 375, 395, trend = FALSE)
  for (rule in c("C1", "C2", "C3")) {
    case("earsC", "weekly", 371, 400, method = rule)
    case("earsC", "sparse", 355, 375, method = rule, minSigma = .5, baseline = 14)
    case("earsC", "missing", 300, 360, method = rule, alpha = .01)
  }
  case("bayes", "undated", 190, 220, b = 2, w = 6, actY = TRUE, alpha = .05)
  case("bayes", "undated", 320, 340, b = 3, w = 4, actY = FALSE, alpha = .01)
  case("bayes", "missing", 300, 340, b = 1, w = 4, actY = TRUE, alpha = .05)
  for (transform in c("standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "none"))
    case("cusum", "undated", 190, 220, trans = transform, alpha = .2)
  case("cusum", "undated", 190, 220, trans = "rossi", m = "glm", k = 1, h = 3)
  plain <- list(S = 1, trend = FALSE, refit = FALSE)
  for (alpha in list(0, .2, "NULL")) case("glrnb", "undated", 190, 230, c.ARL = 5, mu0 = plain, alpha = alpha, ret = "value")
  case("glrnb", "undated", 190, 230, c.ARL = 4, mu0 = list(S = 2, trend = TRUE, refit = FALSE), alpha = "NULL", ret = "value")
  case("glrnb", "undated", 190, 230, c.ARL = 5, mu0 = plain, alpha = .2, theta = log(1.5), ret = "value")
  case("glrnb", "undated", 195, 210, c.ARL = 5, mu0 = plain, alpha = .2, ret = "cases")
  case("glrnb", "undated", 190, 230, c.ARL = 5, mu0 = plain, alpha = .2, dir = "dec", ret = "value")
  case("glrpois", "undated", 190, 230, c.ARL = 5, mu0 = plain, ret = "value")
  case("glrpois", "undated", 190, 230, c.ARL = 5, mu0 = plain, theta = log(2), ret = "cases")
  for (width in c(3, 7, 14))
    case("estimate_R", "epidemic", 1, 1, method = "parametric_si", win = width, config = list(mean_si = 5.2, std_si = 2.8))
  case("estimate_R", "epidemic", 1, 1, method = "parametric_si",
    config = list(mean_si = 2.6, std_si = 1.5, mean_prior = 2, std_prior = 1))
  case("wallinga_teunis", "epidemic", 1, 1, win = 7, mean_si = 5.2, std_si = 2.8)
  for (q in list(c(2.6, 1.5), c(8.4, 3.8), c(1.5, .2))) case("discr_si", "-", 1, 1, mu = q[1], sigma = q[2], kmax = 30)
}

pick <- function(...) sample(list(...), 1)[[1]]
whole <- function(low, high) sample(low:high, 1)
level <- function() pick(.05, .01, .005, .001, .1, signif(runif(1, .001, .2), 6))

draw <- list()
draw$farringtonFlexible <- function() {
  id <- pick("weekly", "weekly_sunday", "undated", "sparse", "missing", "population", "monthly", "daily")
  s <- series[[id]]
  yearly <- c(`52` = 5, `12` = 6, `365` = 3)[[as.character(s$freq)]]
  p <- list(b = whole(1, yearly), w = if (s$freq == 12) whole(0, 2) else whole(1, 5), alpha = level(),
    reweight = runif(1) < .85, weightsThreshold = pick(1, 2.58, signif(runif(1, .8, 3), 6)), trend = runif(1) < .85,
    pThresholdTrend = pick(.05, .05, .5, 1), thresholdMethod = pick("delta", "nbPlugin", "muan"),
    powertrans = pick("2/3", "1/2", "none"), limit54 = pick(c(5, 4), c(0, 4), c(10, 2), c(20, 8)))
  if (s$freq == 12 && p$b < 3) p$w <- 2
  if (p$b * (2 * p$w + 1) < 6) p$w <- 3 # with fewer rows it is a matter of rounding whether R's fit stops
  if (s$freq != 12 && runif(1) < .6) { # every group has at least two weeks in a year
    p$noPeriods <- whole(2, min(12, (s$freq - 2 * p$w - 2) %/% 2))
    p$b <- max(p$b, 2)
  }
  if (runif(1) < .6) p$pastWeeksNotIncluded <- whole(p$w, if (s$freq == 12) 6 else 26)
  if (!is.null(s$population) && runif(1) < .7) p$populationOffset <- TRUE
  rows <- if (s$freq == 365) 5 else 15
  from <- whole(max(p$b * (s$freq + 1) + p$w + 2, length(s$observed) - 40 - rows), length(s$observed) - rows)
  c(list("farringtonFlexible", id, from, from + rows - 1), p)
}
draw$farrington <- function() {
  id <- pick("weekly", "weekly_sunday", "undated", "sparse")
  p <- list(b = whole(1, 6), w = whole(1, 6), alpha = level(), reweight = runif(1) < .8, trend = runif(1) < .8,
    powertrans = pick("2/3", "1/2", "none"), limit54 = pick(c(5, 4), c(0, 4), c(10, 2)))
  from <- whole(p$b * 53 + p$w + 2, length(series[[id]]$observed) - 15)
  c(list("farrington", id, from, from + 14), p)
}
draw$earsC <- function() {
  from <- whole(60, 330)
  p <- list(method = pick("C1", "C2", "C3"), baseline = whole(3, 30), minSigma = pick(0, .5, 1), alpha = level())
  c(list("earsC", pick("weekly", "undated", "sparse", "missing", "daily"), from, from + 30), p)
}
draw$bayes <- function() {
  p <- list(b = whole(0, 3), w = whole(1, 8), actY = TRUE, alpha = level())
  if (p$b > 0) p$actY <- runif(1) < .5
  from <- whole(p$b * 52 + p$w + 2, 340)
  c(list("bayes", pick("undated", "weekly", "missing", "sparse"), from, from + 30), p)
}
draw$cusum <- function() {
  from <- whole(60, 330)
  p <- list(k = signif(runif(1, .2, 2), 4), h = signif(runif(1, 1, 6), 4),
    trans = pick("standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "none"), alpha = signif(runif(1, .05, .5), 4))
  if (runif(1) < .6) p$m <- pick("glm", signif(runif(1, .5, 8), 4))
  c(list("cusum", pick("undated", "weekly"), from, from + 30), p)
}
mean_model <- function(refit) {
  if (runif(1) < .2) return(signif(runif(1, .5, 8), 4))
  list(S = whole(1, 2), trend = runif(1) < .4, refit = refit && runif(1) < .2)
}
draw$glrnb <- function() {
  from <- whole(120, 300)
  p <- list(c.ARL = signif(runif(1, 2, 7), 3), mu0 = mean_model(TRUE), ret = "value", dir = pick("inc", "inc", "dec"))
  p$alpha <- if (is.numeric(p$mu0)) pick(0, .1, .5) else pick(0, .1, signif(runif(1, .05, .5), 3), "NULL")
  if (runif(1) < .3) p$theta <- signif(runif(1, .2, 1), 4)
  if (runif(1) < .3) p <- c(p, list(M = whole(10, 30), Mtilde = whole(1, 4)))
  c(list("glrnb", pick("undated", "weekly"), from, from + 40), p)
}
draw$glrpois <- function() {
  from <- whole(120, 300)
  p <- list(c.ARL = signif(runif(1, 2, 7), 3), mu0 = mean_model(TRUE), ret = pick("value", "cases"))
  if (runif(1) < .3) p$theta <- signif(runif(1, .2, 1), 4)
  c(list("glrpois", pick("undated", "weekly"), from, from + 40), p)
}
draw$estimate_R <- function() {
  mean_si <- signif(runif(1, 1.5, 15), 4)
  config <- list(mean_si = mean_si, std_si = signif(mean_si * runif(1, .2, .9), 4))
  if (runif(1) < .4) config <- c(config, list(mean_prior = signif(runif(1, 1, 5), 3), std_prior = signif(runif(1, 1, 5), 3)))
  list("estimate_R", "epidemic", 1, 1, method = "parametric_si", win = whole(1, 21), config = config)
}
draw$wallinga_teunis <- function() {
  mean_si <- signif(runif(1, 1.5, 12), 4)
  list("wallinga_teunis", "epidemic", 1, 1, win = whole(1, 14), mean_si = mean_si, std_si = signif(mean_si * runif(1, .3, .8), 4))
}
draw$discr_si <- function() {
  mu <- signif(runif(1, 1.01, 20), 4)
  list("discr_si", "-", 1, 1, mu = mu, sigma = signif(mu * runif(1, .05, 1.5), 4), kmax = 40)
}

random_cases <- function(count) {
  share <- c(farringtonFlexible = 70, farrington = 30, earsC = 25, bayes = 15, cusum = 20, glrnb = 15, glrpois = 8,
    estimate_R = 10, wallinga_teunis = 4, discr_si = 3)
  for (algorithm in rep(names(share), round(share * count / sum(share))))
    repeat { # R stops at some settings, such as a fit that does not converge: another one
      setting <- draw[[algorithm]]()
      if (is.null(tryCatch(do.call(case, setting), error = function(e)
        cat("R stops:", algorithm, setting[[2]], toJSON(setting[-(1:2)], auto_unbox = TRUE), message_of(e), "\n")))) next
      break
    }
}

# ---- writing ----

shortest <- function(x) { # the shortest text that reads back as the same number
  x <- as.numeric(x)
  text <- sprintf("%.15g", x)
  for (format in c("%.16g", "%.17g")) {
    wrong <- !is.na(x) & as.numeric(text) != x
    text[wrong] <- sprintf(format, x[wrong])
  }
  ifelse(is.nan(x), "NaN", ifelse(is.na(x), "NA", text))
}

write_table <- function(table, folder, file) {
  stamp <- sprintf("# R %s, surveillance %s, EpiEstim %s", getRversion(), packageVersion("surveillance"), packageVersion("EpiEstim"))
  numbers <- vapply(table, function(column) is.numeric(column) || is.logical(column), TRUE)
  table[numbers] <- lapply(table[numbers], shortest)
  connection <- file(file.path(folder, file), "w")
  writeLines(stamp, connection)
  write.csv(table, connection, row.names = FALSE, quote = FALSE)
  close(connection)
}

write_series <- function(folder) {
  write_table(do.call(rbind, lapply(names(series), function(id) {
    s <- series[[id]]
    data.frame(series = id, idx = seq_along(s$observed), date = if (is.null(s$dates)) "" else as.character(s$dates),
      observed = shortest(s$observed), population = if (is.null(s$population)) "" else shortest(s$population))
  })), folder, "series.csv")
  write_table(data.frame(series = names(series), freq = vapply(series, `[[`, 0, "freq"),
    n = vapply(series, function(s) length(s$observed), 0L),
    dated = vapply(series, function(s) as.character(!is.null(s$dates)), "")), folder, "series_meta.csv")
}

write_cases <- function(folder) {
  algorithms <- vapply(cases, `[[`, "", "algo")
  ids <- sprintf("%s-%03d", algorithms, ave(seq_along(cases), algorithms, FUN = seq_along))
  answers <- lapply(seq_along(cases), function(i) cbind(case = ids[i], cases[[i]]$answer))
  for (algorithm in unique(algorithms))
    write_table(do.call(rbind, answers[algorithms == algorithm]), folder, sprintf("out_%s.csv", algorithm))
  json <- vapply(cases, function(x) gsub("\"", "\"\"", toJSON(x$params, auto_unbox = TRUE, null = "null", digits = NA)), "")
  json[json == "[]"] <- "{}"
  write_table(data.frame(case = ids, algo = algorithms, series = vapply(cases, `[[`, "", "series"),
    from = vapply(cases, `[[`, 0, "from"), to = vapply(cases, `[[`, 0, "to"), rows = vapply(answers, nrow, 0L),
    errors = vapply(answers, function(a) sum(nzchar(a$error)), 0L),
    alarms = vapply(answers, function(a) if (is.null(a$alarm)) NA_real_ else sum(a$alarm == 1, na.rm = TRUE), 0),
    params = paste0("\"", json, "\"")), folder, "cases.csv")
}

arguments <- commandArgs(TRUE)
random <- arguments[1] == "random"
folder <- if (random) arguments[3] else arguments[2]
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
set.seed(if (random) as.integer(arguments[2]) else 20040229)
make_series()
if (random) random_cases(if (is.na(arguments[4])) 200 else as.integer(arguments[4])) else fixed_cases()
write_series(folder)
write_cases(folder)
cat(length(cases), "settings,", sum(vapply(list.files(folder, "^out_", full.names = TRUE),
  function(f) length(readLines(f)) - 2L, 0L)), "rows of numbers in", folder, "\n")
