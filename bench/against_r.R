# SPDX-License-Identifier: GPL-3.0-or-later
# Speed and memory beside R in one run: CPU time of one core, medians, warm, R's package load excluded, and the same
# numbers out: alarms equal, thresholds within 1e-9.
#
#   Rscript bench/against_r.R build/bench/bench_speed [PATTERN of rows]
#
# The lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no` are for `./dev show early-warning`.
#
# Series: Salmonella Newport in Germany, 528 weeks (surveillance::salmNewport), the last 200 monitored; Cori: 365 days
# drawn here; newest week: 3,300 series of 528 weeks drawn here, of which R is asked for 100.
Sys.setenv(TZ = "UTC")
suppressMessages({ library(surveillance); library(EpiEstim) })
options(warn = -1)
arguments <- commandArgs(TRUE)
program <- arguments[1]
pattern <- if (is.na(arguments[2])) "" else arguments[2]

data(salmNewport)
dated <- aggregate(salmNewport, by = "unit")
undated <- sts(observed = as.vector(observed(dated)), start = c(2004, 2), frequency = 52)
rows <- 329:528
set.seed(20240301)
daily <- rpois(365, exp(log(60) + .8 * sin(2 * pi * seq_len(365) / 180)))
wide <- t(vapply(1:3300, function(i) {
  mean <- exp(runif(1, 0, 3) + runif(1, 0, .6) * cos(2 * pi * seq_len(528) / 52))
  phi <- runif(1, 1.1, 3)
  rnbinom(528, mu = mean, size = mean / (phi - 1))
}, numeric(528)))

noufaily <- list(noPeriods = 10, b = 5, w = 3, weightsThreshold = 2.58, pastWeeksNotIncluded = 26, pThresholdTrend = 1,
  thresholdMethod = "nbPlugin", alpha = .05, glmWarnings = FALSE)
noufaily_words <- c("noPeriods=10", "b=5", "w=3", "weightsThreshold=2.58", "pastWeeksNotIncluded=26", "pThresholdTrend=1",
  "thresholdMethod=nbPlugin", "alpha=0.05")
model <- list(S = 1, trend = FALSE, refit = FALSE)

hush <- function(expression) {
  result <- NULL
  invisible(capture.output(result <- suppressMessages(suppressWarnings(expression))))
  result
}
of_sts <- function(z) cbind(threshold = as.vector(z@upperbound), alarm = as.numeric(z@alarm))
detection <- function(label, method, series, bar, ask, words, stretch = NA) list(label = label, bar = bar,
  stretch = stretch, series = series, words = c(method, "52", "329", "200", words), ask = function() of_sts(ask(series)))

speeds <- list(
  detection("Farrington flexible, default", "farrington-flexible", dated, 600, stretch = 1000,
    function(s) farringtonFlexible(s, list(range = rows, glmWarnings = FALSE)), character()),
  detection("Farrington flexible, Noufaily set", "farrington-flexible", dated, 250, stretch = 600,
    function(s) farringtonFlexible(s, c(noufaily, list(range = rows))), noufaily_words),
  detection("EARS C1", "ears-c1", dated, 1000, function(s) earsC(s, list(method = "C1", range = rows)), character()),
  detection("EARS C2", "ears-c2", dated, 1000, function(s) earsC(s, list(method = "C2", range = rows)), character()),
  detection("EARS C3", "ears-c3", dated, 1000, function(s) earsC(s, list(method = "C3", range = rows)), character()),
  detection("Bayes", "bayes", undated, 1000,
    function(s) bayes(s, list(range = rows, b = 2, w = 6, actY = TRUE, alpha = .05)), c("b=2", "w=6", "actY=TRUE", "alpha=0.05")),
  detection("CUSUM", "cusum", undated, 1000,
    function(s) cusum(s, list(range = rows, m = "glm", trans = "rossi")), c("m=glm", "trans=rossi")),
  detection("GLR negative binomial", "glr-negative-binomial", undated, 100,
    function(s) glrnb(s, list(range = rows, c.ARL = 5, mu0 = model, alpha = NULL, ret = "value")),
    c("c.ARL=5", "S=1", "trend=FALSE", "refit=FALSE", "ret=value")),
  list(label = "Cori, 365 days, 7 quantiles", bar = 100, stretch = 300, series = daily, words = c("cori", "5.2", "2.8", "7"),
    ask = function() {
      z <- estimate_R(daily, method = "parametric_si", config = make_config(list(mean_si = 5.2, std_si = 2.8)))
      as.matrix(z$R[, c(3, 5:11)])
    }))

# ---- measuring ----

user_seconds <- function(ask, samples = 5, sample_seconds = .5) {
  hush(ask()) # warm
  once <- function(times) system.time(invisible(capture.output(for (i in seq_len(times)) hush(ask()))))[[1]] / times
  times <- max(1, min(2000, ceiling(sample_seconds / max(once(1), 1e-4))))
  median(vapply(seq_len(samples), function(i) once(times), 0))
}

series_file <- function(series) {
  path <- tempfile()
  if (is(series, "sts"))
    writeLines(c(if (series@epochAsDate) paste(epoch(series), collapse = ",") else "", paste(observed(series), collapse = ",")), path)
  else if (is.matrix(series)) writeLines(c(paste(epoch(dated), collapse = ","), apply(series, 1, paste, collapse = ",")), path)
  else writeLines(c("", paste(series, collapse = ",")), path)
  path
}

run_ours <- function(series, words) {
  out <- system2(program, words, stdin = series_file(series), stdout = TRUE)
  if (length(out) < 3) stop("no answer from: ", paste(words, collapse = " "))
  number <- function(line) as.numeric(sub(".*,", "", line))
  numbers <- do.call(rbind, lapply(strsplit(out[-(1:2)], ","), as.numeric))
  list(seconds = number(out[1]), memory = number(out[2]) / 1024, numbers = numbers[, -(1:2), drop = FALSE])
}

r_memory <- function() as.numeric(gsub("[^0-9]", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024

same <- function(ours, r) {
  r <- unname(as.matrix(r))
  all(dim(ours) == dim(r)) && all(is.na(ours) == is.na(r)) && all(abs(ours - r) <= 1e-9 * abs(r), na.rm = TRUE)
}

time_text <- function(s) if (s >= 1) sprintf("%.2f s", s) else if (s >= 1e-3) sprintf("%.2f ms", 1e3 * s) else sprintf("%.1f us", 1e6 * s)
result <- function(measure, bar, measured, holds)
  cat(paste("row", measure, bar, measured, if (holds) "yes" else "no", sep = "\t"), "\n", sep = "")

cat(sprintf("%-36s %9s %10s %9s %8s %6s %8s %8s\n", "200 weeks of one series", "R", "Tocsin", "ratio", "bar", "same", "R MB", "Tocsin MB"))
show_row <- function(label, r, ours, bar, bar_text, equal, memory) cat(sprintf("%-36s %9s %10s %8.0fx %8s %6s %8.0f %8.1f\n",
  label, time_text(r), time_text(ours), r / ours, bar_text, if (equal) "yes" else "NO", r_memory(), memory))

for (row in Filter(function(x) grepl(pattern, x$label), speeds)) {
  r <- user_seconds(row$ask)
  numbers <- hush(row$ask())
  ours <- run_ours(row$series, row$words)
  equal <- same(ours$numbers, numbers)
  ratio <- r / ours$seconds
  show_row(row$label, r, ours$seconds, row$bar, sprintf("%dx", row$bar), equal, ours$memory)
  result(paste("Speed:", row$label), sprintf(">= %dx%s", row$bar, if (is.na(row$stretch)) "" else sprintf(" (%dx)", row$stretch)),
    sprintf("%.0fx, %s", ratio, if (equal) "same numbers" else "NUMBERS DIFFER"), equal && ratio >= row$bar)
}

if (grepl(pattern, "newest week of 3,300 series")) {
  some <- lapply(1:100, function(i) sts(observed = wide[i, ], epoch = as.numeric(epoch(dated)), epochAsDate = TRUE, frequency = 52))
  ask <- function() do.call(rbind, lapply(some, function(s) of_sts(farringtonFlexible(s, c(noufaily, list(range = 528))))))
  r <- 33 * user_seconds(ask, samples = 3)
  ours <- run_ours(wide, c("farrington-flexible", "52", "528", "1", noufaily_words))
  equal <- same(ours$numbers[1:100, ], hush(ask()))
  show_row("newest week of 3,300 series", r, ours$seconds, .15, "0.15 s", equal, ours$memory)
  result("Speed: newest week of 3,300 series (R: 33 times 100 series)", "<= 0.15 s (0.1 s)",
    sprintf("%.3f s against %.1f s, %s", ours$seconds, r, if (equal) "same numbers" else "NUMBERS DIFFER"), equal && ours$seconds <= .15)
}
