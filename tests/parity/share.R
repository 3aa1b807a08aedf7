# SPDX-License-Identifier: GPL-3.0-or-later
# The numbers of tests/lib/test_share.c, by the formulas of Laney 2002 in R: Rscript tests/parity/share.R
x <- c(4, 6, 3, 9, 5, 7, 2, 8, 6, 5, 4, 7, 12, 3, 6, 21)
n <- c(80, 95, 60, 110, 90, 100, 40, 120, 100, 85, 70, 100, 130, 50, 90, 120)

judge <- function(x, n, k, baseline, guard, rate) {
  at <- rev(seq(k - guard - 1, by = -1, length.out = baseline))
  at <- at[at >= 1]
  p <- (sum(x[at]) + 0.5) / (sum(n[at]) + 1)
  v <- if (rate) p else p * (1 - p)
  z <- (x[at] / n[at] - p) / sqrt(v / n[at])
  s <- max(1, mean(abs(diff(z))) / 1.128)
  c(expected = p, threshold = p + qnorm(0.999) * s * sqrt(v * (1 / n[k] + 1 / sum(n[at]))))
}

print(judge(x, n, 16, 28, 2, FALSE), digits = 16)
print(judge(x, n, 16, 7, 2, FALSE), digits = 16)
print(judge(x, n, 16, 28, 2, TRUE), digits = 16)
x[c(2, 5, 9)] <- c(20, 0, 25)
print(judge(x, n, 16, 28, 2, FALSE), digits = 16)
# windows of two, from the judged one back
pairs <- function(v) rev(colSums(matrix(rev(v), 2)))
print(judge(pairs(x), pairs(n), 8, 28, 1, FALSE), digits = 16)
