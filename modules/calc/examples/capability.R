# Process capability of individual measurements.
#
# Two estimates of the standard deviation, because they answer different questions: "within" from the average moving
# range (what the process does from one value to the next, d2(2) = 1.1283791671), "overall" from all values (what the
# customer gets). Cp and Cpk use the first, Pp and Ppk the second.

.d2 <- 2 / sqrt(pi) # d2 of two normal values, exact

# What every function here needs to be true of its input.
.checked <- function(x, lsl, usl) {
  if (!is.numeric(x)) stop("x must be numbers")
  x <- x[!is.na(x)]
  if (length(x) < 10L) stop("at least 10 values are needed, there are ", length(x))
  if (is.null(lsl) && is.null(usl)) stop("give lsl, usl or both")
  if (!is.null(lsl) && !is.null(usl) && lsl >= usl) stop("lsl must be below usl")
  x
}

# Index against the nearer limit.
.nearer <- function(center, sigma, lsl, usl) {
  min(if (!is.null(usl)) (usl - center) / (3 * sigma), if (!is.null(lsl)) (center - lsl) / (3 * sigma))
}

# Chi-square interval of an index that is proportional to 1/sigma.
.spread_interval <- function(index, df, confidence) {
  if (is.null(index)) return(NULL)
  a <- 1 - confidence
  index * sqrt(qchisq(c(a / 2, 1 - a / 2), df) / df)
}

# Bissell's interval of an index against the nearer limit.
.nearer_interval <- function(index, n, df, confidence) {
  z <- qnorm(1 - (1 - confidence) / 2)
  index + c(-1, 1) * z * sqrt(1 / (9 * n) + index^2 / (2 * df))
}

#' Standard deviation within and overall.
#'
#' @param x Measurements in the order they were taken.
#' @return within (average moving range / d2), overall, and the degrees of freedom of each.
#' @cache pure
sigma_of <- function(x) {
  x <- x[!is.na(x)]
  ranges <- abs(diff(x))
  list(
    within = mean(ranges) / .d2,
    overall = sd(x),
    # A moving range of two shares a value with the next: about 0.62 (n - 1) independent ones.
    df_within = 0.62 * (length(x) - 1),
    df_overall = length(x) - 1
  )
}

#' Capability of a process with a lower and an upper limit, or one of them.
#'
#' Confidence intervals: chi-square for Cp and Pp, Bissell for Cpk and Ppk; within uses 0.62 (n - 1) degrees of freedom.
#' @param x Measurements in the order they were taken; missing values are left out.
#' @param lsl Lower specification limit.
#' @param usl Upper specification limit.
#' @param target Target; Cpm is given when there is one.
#' @param confidence Confidence of the intervals.
#' @return n, mean, sigma and for each index its value and interval.
#' @cache pure
cpk <- function(x, lsl = NULL, usl = NULL, target = NULL, confidence = 0.95) {
  x <- .checked(x, lsl, usl)
  n <- length(x)
  center <- mean(x)
  sigma <- sigma_of(x)
  if (sigma$overall == 0) stop("all values are equal: there is no variation to judge")
  both <- !is.null(lsl) && !is.null(usl)
  cp <- if (both) (usl - lsl) / (6 * sigma$within)
  pp <- if (both) (usl - lsl) / (6 * sigma$overall)
  cpk <- .nearer(center, sigma$within, lsl, usl)
  ppk <- .nearer(center, sigma$overall, lsl, usl)
  if (min(cpk, ppk) < 0) warning("the mean lies outside the specification")
  indices <- list(
    cp = if (both) list(value = cp, interval = .spread_interval(cp, sigma$df_within, confidence)),
    cpk = list(value = cpk, interval = .nearer_interval(cpk, n, sigma$df_within, confidence)),
    pp = if (both) list(value = pp, interval = .spread_interval(pp, sigma$df_overall, confidence)),
    ppk = list(value = ppk, interval = .nearer_interval(ppk, n, sigma$df_overall, confidence)),
    cpm = if (both && !is.null(target)) list(value = (usl - lsl) / (6 * sqrt(sigma$overall^2 + (center - target)^2)))
  )
  list(
    n = n, mean = center, sigma = sigma, confidence = confidence,
    indices = Filter(Negate(is.null), indices),
    methods = list(within = "average moving range of 2 / d2", interval_cp = "chi-square", interval_cpk = "Bissell")
  )
}

#' Individuals and moving range chart.
#'
#' @param x Measurements in the order they were taken.
#' @return Center line and limits of both charts, and the points beyond them.
#' @cache pure
individuals_chart <- function(x) {
  if (!is.numeric(x) || length(x) < 2L) stop("x must be at least two numbers")
  ranges <- abs(diff(x))
  center <- mean(x, na.rm = TRUE)
  mean_range <- mean(ranges, na.rm = TRUE)
  spread <- 3 * mean_range / .d2
  # D4(2) = 1 + 3 d3 / d2 with d3(2) = sqrt(2 - 4 / pi)
  range_limit <- mean_range * (1 + 3 * sqrt(2 - 4 / pi) / .d2)
  list(
    individuals = list(center = center, lower = center - spread, upper = center + spread, values = I(x),
                       beyond = I(which(x < center - spread | x > center + spread))),
    ranges = list(center = mean_range, upper = range_limit, values = I(ranges), beyond = I(which(ranges > range_limit) + 1L))
  )
}
