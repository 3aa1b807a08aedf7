# SPDX-License-Identifier: GPL-3.0-or-later
# What EpiEstim answers where it draws at random: an uncertain serial interval, and who infected whom. Many draws, so that
# its Monte-Carlo error is small; the test compares within that error.
# usage: Rscript tests/parity/record_random.R tests/parity/recorded     (a minute of CPU)
suppressMessages(library(EpiEstim))
folder <- commandArgs(TRUE)[1]
set.seed(20240301)
hush <- function(x) suppressMessages(suppressWarnings(x))
series <- read.csv(file.path(folder, "series.csv"), comment.char = "#")
data(Flu2009)
incidence <- list(Flu2009 = Flu2009$incidence$I, epidemic = series$observed[series$series == "epidemic"][1:70])
wanted <- c("Mean(R)", "Std(R)", "Quantile.0.025(R)", "Median(R)", "Quantile.0.975(R)")
table <- NULL
for (id in names(incidence)) {
    cases <- incidence[[id]]
    n <- length(cases)
    windows <- list(t_start = seq(2, n - 6), t_end = seq(8, n))
    R <- hush(estimate_R(cases, method = "uncertain_si", config = make_config(c(windows, list(
        mean_si = 2.6, std_mean_si = 1, min_mean_si = 1.5, max_mean_si = 4,
        std_si = 1.5, std_std_si = 0.5, min_std_si = 0.5, max_std_si = 2.5, n1 = 2000, n2 = 100)))))$R
    table <- rbind(table, data.frame(method = "uncertain_si", series = id, idx = R$t_end, setNames(R[wanted], c("mean", "sd", "q025", "q50", "q975"))))
    R <- hush(wallinga_teunis(cases, method = "parametric_si", config = c(windows, list(mean_si = 2.6, std_si = 1.5, n_sim = 2000))))$R
    table <- rbind(table, data.frame(method = "wallinga_teunis", series = id, idx = R$t_end, mean = R[, 3], sd = R[, 4], q025 = R[, 5], q50 = NA, q975 = R[, 6]))
}
connection <- file(file.path(folder, "random.csv"), "w")
writeLines(sprintf("# R %s, EpiEstim %s", getRversion(), packageVersion("EpiEstim")), connection)
numbers <- vapply(table, is.double, TRUE)
table[numbers] <- lapply(table[numbers], signif, 8)
write.csv(table, connection, row.names = FALSE, quote = FALSE)
close(connection)
