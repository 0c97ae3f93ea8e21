# What the engine asks its own R, beside the scripts of others.

# The functions that a package exports, with its version.
exported <- function(package) {
  names <- sort(getNamespaceExports(package))
  names <- names[grepl("^[A-Za-z][A-Za-z0-9._]*$", names)]
  is_callable <- vapply(names, function(name) is.function(f <- getExportedValue(package, name)) && !is.primitive(f), NA)
  list(version = as.character(utils::packageVersion(package)), functions = I(names[is_callable]))
}

# Every package of the library with its version.
installed <- function() {
  all <- utils::installed.packages()[, c("Package", "Version"), drop = FALSE]
  all <- all[!duplicated(all[, "Package"]), , drop = FALSE]
  all <- all[order(all[, "Package"]), , drop = FALSE]
  as.list(structure(all[, "Version"], names = all[, "Package"]))
}

# Computations whose answers are known: published reference values, and digits that this R must give to the last bit.
known_answers <- function() {
  asked <- list()
  ask <- function(what, gave, expected, tolerance = 0) {
    off <- if (tolerance == 0) !identical(gave, expected) else abs(gave - expected) > tolerance * abs(expected)
    asked[[length(asked) + 1L]] <<- list(what = what, gave = gave, expected = expected, tolerance = tolerance, same = !off)
  }
  # Norris of the NIST Statistical Reference Datasets: linear regression with certified values.
  norris <- c(0.2, 0.1, 337.4, 338.8, 118.2, 118.1, 884.6, 888.0, 10.1, 9.2, 226.5, 228.1, 666.3, 668.5, 996.3, 998.5, 448.6, 449.1,
              777.0, 778.9, 558.2, 559.2, 0.4, 0.3, 0.6, 0.1, 775.5, 778.1, 666.9, 668.8, 338.0, 339.3, 447.5, 448.9, 11.6, 10.8, 556.0, 557.7,
              228.1, 228.3, 995.8, 998.0, 887.6, 888.8, 120.2, 119.6, 0.3, 0.3, 0.3, 0.6, 556.8, 557.6, 339.1, 339.3, 887.2, 888.0, 999.0, 998.5,
              779.0, 778.9, 11.1, 10.2, 118.3, 117.6, 229.2, 228.9, 669.1, 668.4, 448.9, 449.2, 0.5, 0.2)
  x <- norris[c(TRUE, FALSE)]
  y <- norris[c(FALSE, TRUE)]
  fit <- stats::lm(y ~ x)
  ask("Norris, intercept", unname(stats::coef(fit)[1L]), -0.262323073774029, 1e-9)
  ask("Norris, slope", unname(stats::coef(fit)[2L]), 1.00211681802045, 1e-12)
  ask("Norris, residual standard deviation", summary(fit)$sigma, 0.884796396144373, 1e-9)
  ask("normal quantile of 0.975", stats::qnorm(0.975), 1.959963984540054, 1e-15)
  ask("t distribution at 2 with 5 degrees of freedom", stats::pt(2, 5), 0.9490302605850709, 1e-13)
  ask("gamma(0.5) squared is pi", gamma(0.5)^2, pi, 1e-14)
  ask("determinant of the Hilbert matrix of order 4", det(1 / outer(0:3, 1:4, `+`)), 1 / 6048000, 1e-10)
  ask("0.1 + 0.2", 0.1 + 0.2, 0x1.3333333333334p-2)
  set.seed(42L, "Mersenne-Twister", "Inversion", "Rejection")
  ask("random numbers from 42", stats::runif(1L), 0.914806043496355414391)
  ask("order of letters", paste(sort(c("b", "A", "a", "B")), collapse = ""), "aAbB")
  ask("time zone", format(as.POSIXct(0, origin = "1970-01-01"), "%Y-%m-%d %H:%M %Z"), "1970-01-01 00:00 UTC")
  I(asked)
}
