# SPDX-License-Identifier: GPL-3.0-or-later
# Growth rates by R's own glm, for our own series: windows of 14 days of the recorded `epidemic`.
# usage: Rscript tests/parity/record_growth.R tests/parity/recorded
folder <- commandArgs(TRUE)[1]
series <- read.csv(file.path(folder, "series.csv"), comment.char = "#")
y <- series$observed[series$series == "epidemic"]
rows <- lapply(seq(1, length(y) - 13, by = 6), function(first) {
    window <- data.frame(t = 0:13, y = y[first + 0:13])
    # glm keeps the weights of the iteration before its last, so a second run from the first one's answer settles them
    fit <- glm(y ~ t, family = quasipoisson, data = window, control = list(epsilon = 1e-14, maxit = 100))
    quasi <- summary(glm(y ~ t, family = quasipoisson, data = window, start = coef(fit), control = list(epsilon = 1e-14)))
    phi <- max(1, quasi$dispersion)
    unit <- sqrt(quasi$cov.unscaled[2, 2])
    data.frame(first, rate = quasi$coefficients[2, 1], dispersion = phi, sd_poisson = unit, sd = unit * sqrt(phi),
        reach = unit * sqrt(phi) * qt(.975, 12), cases = sum(window$y))
})
table <- do.call(rbind, rows)
table[] <- lapply(table, function(x) format(x, digits = 16, trim = TRUE))
connection <- file(file.path(folder, "growth.csv"), "w")
writeLines(sprintf("# R %s", getRversion()), connection)
write.csv(table, connection, row.names = FALSE, quote = FALSE)
close(connection)
