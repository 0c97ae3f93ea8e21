# Individuals and moving range chart with Nelson's rules and capability.
#
# The standard deviation within is MRbar/d2(2) with the exact d2(2) = 2/sqrt(pi); printed tables round it. The overall one is
# the sample standard deviation (n-1). Indices count from 0.

#' Control chart of individual values.
#'
#' Capability is stated only for a stable process, that is without a signal, unless `allow_unstable` overrides it; the
#' override is part of the result. Intervals: Cp and Pp by chi-squared, Cpk and Ppk by Bissell; the degrees of freedom of
#' MRbar/d2 are (n-1)^2/(2(0.8264n-1.082)) (variance of Cryer and Ryan 1990), those of the overall deviation n-1.
#'
#' @param values Values in the order of production.
#' @param lsl Lower specification limit.
#' @param usl Upper specification limit.
#' @param target Target; the middle of both limits when absent.
#' @param confidence Confidence of the intervals.
#' @param allow_unstable State capability although the chart signals.
#' @export
individuals <- function(values, lsl = NULL, usl = NULL, target = NULL, confidence = 0.95, allow_unstable = FALSE) {
  x <- as.numeric(unlist(values))
  n <- length(x)
  if (n < 8) stop("values: at least 8 values are needed", call. = FALSE)
  if (any(!is.finite(x))) stop("values: every value must be a number", call. = FALSE)
  if (!is.null(lsl) && !is.null(usl) && lsl >= usl) stop("lsl: must be less than usl", call. = FALSE)
  d2 <- 2 / sqrt(pi)
  d3 <- sqrt(2 - 4 / pi)
  range <- abs(diff(x))
  range_mean <- mean(range)
  sigma <- range_mean / d2
  if (!is.finite(sigma) || !is.finite(stats::sd(x))) stop("values: their differences are too large to calculate with", call. = FALSE)
  if (sigma <= 0) stop("values: they do not vary", call. = FALSE)
  centre <- mean(x)
  signals <- .nelson(x, centre, sigma)
  range_limit <- (1 + 3 * d3 / d2) * range_mean
  beyond <- which(range > range_limit)
  stable <- length(signals) == 0 && length(beyond) == 0
  list(
    n = n, values = x, sigma_within = sigma, sigma_overall = stats::sd(x), sigma_estimator = "MRbar/d2(2), d2(2) = 1.1283791671",
    individuals = list(centre = centre, lower = centre - 3 * sigma, upper = centre + 3 * sigma, signals = signals),
    moving_range = list(
      values = range, centre = range_mean, lower = 0, upper = range_limit,
      signals = lapply(beyond, function(i) list(rule = 1L, index = i, points = list(i), side = "above"))
    ),
    stable = stable, capability = .capability(x, sigma, lsl, usl, target, confidence, stable, isTRUE(allow_unstable))
  )
}

# One entry per signal: the rule, the point at which it is complete, all its points, the side.
.nelson <- function(x, centre, sigma) {
  z <- (x - centre) / sigma
  found <- list()
  add <- function(rule, last, length_seen, side) {
    found[[length(found) + 1L]] <<- list(rule = rule, index = last - 1L, points = as.list(seq.int(last - length_seen, last - 1L)), side = side)
  }
  beyond_rules <- function(side, s) {
    up <- s * z
    for (i in which(up > 3)) add(1L, i, 1L, side)
    for (i in .complete(up > 0, 9L, 9L)) add(2L, i, 9L, side)
    for (i in .complete(up > 2, 3L, 2L)) add(5L, i, 3L, side)
    for (i in .complete(up > 1, 5L, 4L)) add(6L, i, 5L, side)
    for (i in .complete(c(FALSE, s * diff(x) > 0), 5L, 5L)) add(3L, i, 6L, side)
  }
  beyond_rules("above", 1)
  beyond_rules("below", -1)
  turns <- c(FALSE, FALSE, diff(x)[-1] * diff(x)[-(length(x) - 1)] < 0)
  for (i in .complete(turns, 12L, 12L)) add(4L, i, 14L, "both")
  for (i in .complete(abs(z) < 1, 15L, 15L)) add(7L, i, 15L, "both")
  for (i in .complete(abs(z) > 1, 8L, 8L)) add(8L, i, 8L, "both")
  found[order(vapply(found, `[[`, 1L, "index"), vapply(found, `[[`, 1L, "rule"))]
}

# The places where `needed` of the last `window` flags are set, the present one among them.
.complete <- function(flag, window, needed) {
  if (length(flag) < window) return(integer())
  total <- c(0, cumsum(flag))
  last <- seq.int(window, length(flag))
  last[flag[last] & total[last + 1L] - total[last + 1L - window] >= needed]
}

.capability <- function(x, sigma, lsl, usl, target, confidence, stable, allowed) {
  if (is.null(lsl) && is.null(usl)) return(NULL)
  if (!stable && !allowed) return(list(stated = FALSE, reason = "The chart signals: the process is not stable."))
  n <- length(x)
  within <- .indices(x, sigma, (n - 1)^2 / (2 * (0.8264 * n - 1.082)), lsl, usl, confidence)
  overall <- .indices(x, stats::sd(x), n - 1, lsl, usl, confidence)
  both <- !is.null(lsl) && !is.null(usl)
  if (is.null(target) && both) target <- (lsl + usl) / 2
  cpm <- if (both && !is.null(target)) (usl - lsl) / (6 * sqrt(stats::var(x) + (mean(x) - target)^2)) else NULL
  outside <- sum(if (is.null(lsl)) 0 else x < lsl, if (is.null(usl)) 0 else x > usl)
  list(
    stated = TRUE, overridden = !stable, confidence = confidence, cp = within$potential, cpk = within$actual, pp = overall$potential, ppk = overall$actual,
    cpm = cpm, target = target, outside_specification = outside, freedom_within = within$freedom, freedom_overall = n - 1
  )
}

.indices <- function(x, sigma, freedom, lsl, usl, confidence) {
  tail <- (1 - confidence) / 2
  potential <- NULL
  if (!is.null(lsl) && !is.null(usl)) {
    value <- (usl - lsl) / (6 * sigma)
    potential <- list(value = value, low = value * sqrt(stats::qchisq(tail, freedom) / freedom), high = value * sqrt(stats::qchisq(1 - tail, freedom) / freedom))
  }
  value <- min(if (is.null(usl)) Inf else (usl - mean(x)) / (3 * sigma), if (is.null(lsl)) Inf else (mean(x) - lsl) / (3 * sigma))
  half <- stats::qnorm(1 - tail) * sqrt(1 / (9 * length(x)) + value^2 / (2 * freedom))
  list(potential = potential, actual = list(value = value, low = value - half, high = value + half), freedom = freedom)
}
