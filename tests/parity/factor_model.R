# SPDX-License-Identifier: GPL-3.0-or-later
# Prints the numbers in tests/lib/test_factor_model.c: R's glm on a series made by a formula.
#   Rscript tests/parity/factor_model.R
# Recorded with R 4.2.2.
rows <- 0:139
data <- data.frame(
  y = (rows * 7919) %% 13 + ifelse(rows %% 7 >= 5, 0, 6) + rows %/% 20,
  time = rows, block = rows %/% 20 %% 4, weekday = rows %% 7,
  holiday = ifelse(rows %% 35 < 3, 1, ifelse(rows %% 35 < 6, 2, 0)),
  population = 1000 + rows, prior = 1 + (rows %% 3) / 4
)
data$y[data$holiday == 1] <- data$y[data$holiday == 1] %/% 3
point <- data.frame(time = 150, block = 2, weekday = 5, holiday = 1, population = 1200)

show <- function(name, formula, weights) {
  environment(formula) <- environment()
  fit <- glm(formula, family = quasipoisson, data = data, weights = weights)
  dispersion <- summary(fit)$dispersion
  prediction <- predict(fit, point, se.fit = TRUE)
  cat(sprintf("/* %s */ { %.16g, %.16g, %.16g, %.16g, %.16g, %.16g },\n", name, prediction$fit,
              (prediction$se.fit / prediction$residual.scale)^2, dispersion, hatvalues(fit)[1], hatvalues(fit)[36],
              if ("time" %in% names(coef(fit))) coef(fit)["time"] else 0))
}
one <- rep(1, nrow(data))
show("all", y ~ factor(block) + factor(weekday) + factor(holiday) + time + offset(log(population)), data$prior)
show("no slope", y ~ factor(block) + factor(weekday) + factor(holiday), one)
show("no block", y ~ factor(weekday) + factor(holiday) + time, one)
show("holiday", y ~ factor(holiday) + time, data$prior)
# rows between two levels: columns are shares
share <- ifelse(rows %% 2 == 0 | data$holiday == 0, 0, ifelse(data$holiday == 1, 2, 3) / 7)
data$first <- (data$holiday == 1) * (1 - share)
data$second <- (data$holiday == 2) * (1 - share) + (data$holiday == 1) * share
point$first <- 6 / 7
point$second <- 1 / 7
show("between", y ~ factor(block) + first + second + time, data$prior)
