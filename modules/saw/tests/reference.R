# Checks R/saw.R against published examples and identities: Rscript reference.R <saw.R>; status 1 when a check failed.
source(commandArgs(trailingOnly = TRUE)[1])
failed <- 0
check <- function(name, ok) {
  cat(if (isTRUE(ok)) "ok" else "FAILED", "-", name, "\n")
  if (!isTRUE(ok)) failed <<- failed + 1
}
close_to <- function(x, y, tolerance = 1e-9) length(x) == length(y) && all(abs(x - y) <= tolerance * pmax(abs(y), 1e-3))
rules <- function(chart) vapply(chart$individuals$signals, `[[`, 1L, "rule")
at <- function(chart, rule) vapply(Filter(function(s) s$rule == rule, chart$individuals$signals), `[[`, 1L, "index")

# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2: flow rate; its limits use d2 rounded to 1.128.
flow <- c(49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1)
chart <- individuals(flow)
check("centre, limits and mean range of the flow rate", close_to(chart$individuals$centre, 50.81) && close_to(chart$moving_range$centre, 1.87777777778, 1e-9) &&
  close_to(c(chart$individuals$upper, chart$individuals$lower), c(55.8041, 45.8159), 1e-4))
check("sigma is MRbar over the exact d2", close_to(chart$sigma_within, 1.87777777778 / 1.1283791671, 1e-9))
check("range limit is D4 times the mean range", close_to(chart$moving_range$upper / chart$moving_range$centre, 3.2665319, 1e-7))
check("no limits, no capability", is.null(chart$capability) && chart$stable)

too_large <- tryCatch(individuals(rep(c(-1.7e308, 1.7e308), 5)), error = conditionMessage)
check("differences beyond all numbers are refused", identical(too_large, "values: their differences are too large to calculate with"))
base <- rep(c(-0.6, 0.5, 0.4, -0.5, 0.7, -0.4, -0.3, 0.6), 6)
check("rule 1: one point beyond three sigma", identical(at(individuals(replace(base, 20, 9)), 1L), 19L))
check("rule 2: nine on one side", 24L %in% at(individuals(replace(base, 17:25, abs(base[17:25]))), 2L))
check("rule 3: six in a row rising", 10L %in% at(individuals(c(base[1:5], 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, base)), 3L))
check("rule 4: fourteen alternating", 13L %in% at(individuals(c(rep(c(-0.5, 0.5), 7), base)), 4L))
# Rules in units of sigma: .nelson takes centre and sigma as given.
sigma <- function(x) .nelson(x, 0, 1)
check("rule 5: two of three beyond two sigma", identical(vapply(sigma(c(0, 2.1, 0, 2.2, 0)), `[[`, 1L, "rule"), 5L))
check("rule 6: four of five beyond one sigma", 6L %in% vapply(sigma(c(1.1, 1.2, 0, 1.1, 1.3)), `[[`, 1L, "rule"))
check("rule 7: fifteen within one sigma", 7L %in% vapply(sigma(rep(c(0.4, -0.2, 0.3), 5)), `[[`, 1L, "rule"))
check("rule 8: eight outside one sigma", 8L %in% vapply(sigma(c(1.5, -1.5, 1.6, -1.2, 1.1, -1.3, 1.2, -1.4)), `[[`, 1L, "rule"))
check("a signal names its side and all its points", identical(sigma(c(0, -3.5, 0))[[1]], list(rule = 1L, index = 1L, points = list(1L), side = "below")))

capable <- individuals(base, lsl = -4, usl = 4, allow_unstable = TRUE)$capability
check("potential and actual capability", close_to(capable$cp$value, 8 / (6 * individuals(base)$sigma_within)) && close_to(capable$ppk$value, (4 - abs(mean(base))) / (3 * sd(base))))
check("interval of Pp by chi-squared", close_to(capable$pp$low, capable$pp$value * sqrt(qchisq(0.025, 47) / 47)))
check("interval of Ppk by Bissell", close_to(capable$ppk$high - capable$ppk$value, qnorm(0.975) * sqrt(1 / (9 * 48) + capable$ppk$value^2 / (2 * 47))))
check("one limit gives no Cp", is.null(individuals(base, usl = 4, allow_unstable = TRUE)$capability$cp) && !is.null(individuals(base, usl = 4, allow_unstable = TRUE)$capability$cpk))
unstable <- replace(base, 20, 9)
check("no capability of an unstable process", identical(individuals(unstable, -4, 10)$capability$stated, FALSE))
check("unless overridden, which is kept", individuals(unstable, -4, 10, allow_unstable = TRUE)$capability$overridden)
quit(status = if (failed > 0) 1 else 0)
