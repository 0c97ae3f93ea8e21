# Multivariate models of batches: evolution (PLS against maturity) and level (PCA of unfolded batches).
#
# `data` is a data frame with the columns `batch` (text), `time` (seconds since the start of the batch) and one numeric
# column per tag, NA where the value is bad. Maturity is linear in time, 0 to 100 % from the first to the last observation
# of a batch; a running batch is measured against the mean duration of the reference batches.
#
# Conventions: centred and unit-variance scaled (n-1) on the reference batches; the largest loading of a component is
# positive; a missing value takes no part (textbook NIPALS) and SPE is then scaled to the full number of variables; an
# observation with less than half of its values is not scored. Everything is deterministic, so equal data give equal
# numbers. Sources: Wold et al. 1998 (evolution), Nomikos and MacGregor 1995 (level, limits), Jackson and Mudholkar 1979.

if (!exists("progress", mode = "function")) progress <- function(fraction, message = "") invisible(NULL)

#' Batch evolution: PLS of every observation against the maturity of its batch.
#'
#' T2 of an observation is Hotelling's distance of its scores from the mean trajectory of the reference batches at that
#' maturity, with the covariance of the reference batches there (pooled over 5 neighbouring grid points). Its population
#' is the I reference batches, so the limits count batches, not observations. `t2_model` is the distance from the centre
#' of the whole model, sum of t^2/s^2. Where the reference batches hardly differ any small deviation would be endlessly
#' far away: the standard deviation of a score is nowhere taken as less than `sd_floor` of its overall one.
#'
#' A batch is abnormal when (1) the share of its observations beyond a limit is greater than 4(1-alpha), that is 20 % at
#' alpha 0.95, or (2) at least `run` consecutive observations lie beyond the action limit, alpha_action = 1-(1-alpha)/10,
#' of the same statistic. Its first alarm is the first observation of the first such run, else of the first run beyond
#' the limit itself. Indices count from 0.
#'
#' @param data Observations: batch, time, tags.
#' @param reference Names of the batches that define normal behaviour.
#' @param components Number of PLS components.
#' @param alpha Confidence of the limits.
#' @param t2_formula Limit of T2: F for new batches, F, beta for training, or chi-squared.
#' @param spe_formula Limit of SPE: Box's g chi-squared at each maturity, or Jackson and Mudholkar over the whole batch.
#' @param running Names of the batches that have not ended.
#' @param groups Number of groups of the cross-validation; a batch is never split.
#' @param sd_floor Smallest standard deviation at a maturity, as a share of the overall one; 0 for none.
#' @param run Number of consecutive observations that make an alarm.
#' @export
batch_evolution <- function(data, reference, components = 3, alpha = 0.95, t2_formula = c("f-new", "f", "beta", "chi2"),
                            spe_formula = c("box", "jackson-mudholkar"), running = character(), groups = 7, sd_floor = 0.05, run = 5) {
  t2_formula <- match.arg(t2_formula)
  spe_formula <- match.arg(spe_formula)
  progress(0.05, "Reading the observations")
  d <- .observations(data, reference, running)
  .check_settings(d, components, alpha)
  ref <- d$reference[d$row_batch]
  scaling <- .scaling(d$x[ref, , drop = FALSE])
  x <- .scaled(d$x, scaling)
  y_mean <- mean(d$maturity[ref])
  y_sd <- stats::sd(d$maturity[ref])
  y <- (d$maturity - y_mean) / y_sd
  if (components > ncol(x)) .stop("components: %d components need at least as many tags that vary; there are %d", components, ncol(x))

  progress(0.2, "Fitting the model")
  model <- .pls1(x[ref, , drop = FALSE], y[ref], components)
  projected <- .project(x, model$weights, model$loadings)
  scores <- projected$scores
  spe <- projected$spe
  score_sd <- apply(scores[ref, , drop = FALSE], 2, stats::sd, na.rm = TRUE)

  progress(0.4, "Aligning the batches")
  grid <- 0:100
  aligned <- .align(d, cbind(scores, spe, d$x), grid)
  path <- .mean_path(aligned[, seq_len(components), d$reference, drop = FALSE], window = 2, floor = (sd_floor * score_sd)^2)
  level <- .spe_path(aligned[, components + 1L, d$reference], window = 2)

  progress(0.6, "Calculating limits")
  alpha_action <- 1 - (1 - alpha) / 10
  batches <- sum(d$reference)
  t2_limit <- function(level) .t2_limit(t2_formula, level, components, batches)
  spe_overall <- .spe_limit(spe_formula, alpha, spe[ref], projected$residuals[ref, , drop = FALSE])
  spe_limit <- function(at) {
    if (spe_formula == "box") level$g * stats::qchisq(at, level$h)
    else rep(.spe_limit(spe_formula, at, spe[ref], projected$residuals[ref, , drop = FALSE])$value, length(grid))
  }
  distance <- .path_distance(scores, d$maturity, grid, path)
  limits <- list(
    t2 = t2_limit(alpha), t2_action = t2_limit(alpha_action), t2_model = .t2_limit(t2_formula, alpha, components, sum(ref)),
    spe = spe_overall, spe_action = .spe_limit(spe_formula, alpha_action, spe[ref], projected$residuals[ref, , drop = FALSE])
  )
  outside <- list(
    t2 = distance > limits$t2$value, spe = spe > stats::approx(grid, spe_limit(alpha), d$maturity)$y,
    t2_action = distance > limits$t2_action$value, spe_action = spe > stats::approx(grid, spe_limit(alpha_action), d$maturity)$y
  )

  progress(0.75, "Cross-validating")
  q2 <- .q2_by_batch(d, ref, components, groups)

  progress(0.9, "Judging the batches")
  predicted <- drop(scores %*% model$inner) * y_sd + y_mean
  t2_model <- rowSums(sweep(scores, 2, score_sd, "/")^2)
  judged <- lapply(seq_along(d$batches), function(b) {
    rows <- which(d$row_batch == b)
    c(
      list(
        id = d$batches[b], reference = d$reference[b], running = d$running[b], observations = length(rows), duration_s = d$duration[b],
        maturity = .array(d$maturity[rows]), elapsed_s = .array(d$time[rows]), t = .rows_of(t(scores[rows, , drop = FALSE])),
        t2 = .array(distance[rows]), t2_model = .array(t2_model[rows]), spe = .array(spe[rows]), predicted = .array(predicted[rows])
      ),
      .judge(lapply(outside, `[`, rows), distance[rows], spe[rows], d$maturity[rows], alpha, run)
    )
  })
  progress(1, "Finished")
  list(
    kind = "evolution", algorithm = "PLS1, NIPALS", variables = .array(colnames(x)), components = components, alpha = alpha,
    limits = limits, r2x = .array(model$r2x), r2y = .array(model$r2y), r2y_total = sum(model$r2y), q2 = .array(q2),
    weights = .rows_of(t(model$weights)), loadings = .rows_of(t(model$loadings)), inner = .array(model$inner),
    rotation = .rows_of(t(model$rotation)), score_sd = .array(score_sd), vip = .array(model$vip),
    scaling = list(mean = .array(scaling$mean), sd = .array(scaling$sd)), response = list(mean = y_mean, sd = y_sd),
    excluded = .array(d$tags[!scaling$kept]), without_values = .array(d$tags[colSums(!is.na(d$x[ref, , drop = FALSE])) == 0]), skipped = d$skipped,
    grid = c(
      list(maturity = grid), .path_result(path),
      list(t2_limit = rep(limits$t2$value, length(grid)), spe_limit = spe_limit(alpha)),
      .tag_path(aligned[, components + 1L + which(scaling$kept), d$reference, drop = FALSE])
    ),
    duration_s_mean = mean(d$duration[d$reference]), reference_batches = batches, abnormal = sum(vapply(judged, `[[`, TRUE, "abnormal")),
    rule = list(share = 4 * (1 - alpha), run = run, alpha_action = alpha_action, sd_floor = sd_floor), batches = judged
  )
}

#' Batch level: PCA of whole batches, aligned linearly to a common grid and unfolded to one row per batch.
#'
#' Every column (tag at a maturity) is centred and scaled on the reference batches, which removes the mean trajectory.
#' Its standard deviation is taken as at least `sd_floor` of the one of its tag over the whole batch: without that a
#' column in which the reference batches hardly differ outweighs all others.
#' With more columns than batches a fitted residual is far too small for comparison with a new batch: SPE and DModX of a
#' reference batch are therefore those of a model calculated without its group (`spe_fit` is the fitted one), and so are
#' the residuals behind the limits. A batch is abnormal when T2, SPE or DModX is beyond the action limit,
#' alpha_action = 1-(1-alpha)/5, that is 99 % at alpha 0.95.
#'
#' @param data Observations: batch, time, tags.
#' @param reference Names of the batches that define normal behaviour.
#' @param components Number of principal components.
#' @param alpha Confidence of the limits.
#' @param t2_formula Limit of T2: F for new batches, F, beta for training, or chi-squared.
#' @param spe_formula Limit of SPE: Box's g chi-squared, or Jackson and Mudholkar.
#' @param running Names of the batches that have not ended.
#' @param groups Number of groups of the cross-validation.
#' @param sd_floor Smallest standard deviation of a column, as a share of the one of its tag; 0 for none.
#' @param grid_points Number of points of the common grid.
#' @export
batch_level <- function(data, reference, components = 3, alpha = 0.95, t2_formula = c("f-new", "f", "beta", "chi2"),
                        spe_formula = c("box", "jackson-mudholkar"), running = character(), groups = 7, sd_floor = 0.05, grid_points = 101) {
  t2_formula <- match.arg(t2_formula)
  spe_formula <- match.arg(spe_formula)
  progress(0.05, "Reading the observations")
  d <- .observations(data, reference, running)
  .check_settings(d, components, alpha)
  progress(0.2, "Aligning the batches")
  grid <- seq(0, 100, length.out = grid_points)
  unfolded <- .unfold(.align(d, d$x, grid), d)
  ref <- d$reference
  tag_sd <- apply(d$x[ref[d$row_batch], , drop = FALSE], 2, stats::sd, na.rm = TRUE)
  scaling <- .scaling(unfolded[ref, , drop = FALSE], rep(sd_floor * tag_sd, each = grid_points))
  x <- .scaled(unfolded, scaling)

  progress(0.4, "Fitting the model")
  model <- .pca(x[ref, , drop = FALSE], components)
  scores <- x %*% model$loadings
  spe_fit <- rowSums((x - tcrossprod(scores, model$loadings))^2)
  progress(0.6, "Cross-validating")
  held_out <- .held_out_residuals(unfolded[ref, , drop = FALSE], scaling, components, groups)
  spe <- spe_fit
  spe[ref] <- rowSums(held_out^2)

  progress(0.8, "Calculating limits")
  n <- sum(ref)
  k <- ncol(x)
  alpha_action <- 1 - (1 - alpha) / 5
  t2 <- rowSums(sweep(scores^2, 2, model$variance, "/"))
  freedom <- n - components - 1
  s0 <- sqrt(sum(spe[ref]) / (n * (k - components)))
  dmodx <- sqrt(spe / (k - components)) / s0
  # The columns are strongly correlated: the freedom of a batch is the one of its SPE, not the number of columns.
  h <- 2 * mean(spe[ref])^2 / stats::var(spe[ref])
  dmodx_limit <- function(level) list(value = sqrt(stats::qf(level, h, h * freedom)), alpha = level, formula = "sqrt(F(alpha; h, h(I-A-1))), h = 2 mean(SPE)^2/var(SPE)")
  limit <- function(level) list(
    t2 = .t2_limit(t2_formula, level, components, n),
    spe = .spe_limit(spe_formula, level, spe[ref], held_out), dmodx = dmodx_limit(level)
  )
  limits <- limit(alpha)
  action <- limit(alpha_action)
  values <- cbind(t2 = t2, spe = spe, dmodx = dmodx)
  bound <- c(limits$t2$value, limits$spe$value, limits$dmodx$value)
  bound_action <- c(action$t2$value, action$spe$value, action$dmodx$value)
  judged <- lapply(seq_along(d$batches), function(b) list(
    id = d$batches[b], reference = ref[b], running = d$running[b], observations = sum(d$row_batch == b), duration_s = d$duration[b],
    t = .array(scores[b, ]), t2 = t2[b], spe = spe[b], spe_fit = spe_fit[b], dmodx = dmodx[b],
    outside = .array(colnames(values)[values[b, ] > bound]), abnormal = any(values[b, ] > bound_action)
  ))
  progress(1, "Finished")
  list(
    kind = "level", algorithm = "PCA, SVD", variables = .array(d$tags), components = components, alpha = alpha,
    limits = c(limits, list(t2_action = action$t2, spe_action = action$spe, dmodx_action = action$dmodx)),
    r2x = .array(model$r2x), loadings = .rows_of(t(model$loadings)), score_sd = .array(sqrt(model$variance)),
    columns = list(variable = (which(scaling$kept) - 1L) %/% grid_points, point = (which(scaling$kept) - 1L) %% grid_points),
    scaling = list(mean = scaling$mean, sd = scaling$sd), excluded = .array(.constant_tags(d$tags, scaling$kept, grid_points)),
    excluded_columns = sum(!scaling$kept), skipped = d$skipped,
    grid = c(list(maturity = grid), .tag_path(.align(d, d$x, grid)[, , ref, drop = FALSE])),
    duration_s_mean = mean(d$duration[ref]), reference_batches = n, abnormal = sum(vapply(judged, `[[`, TRUE, "abnormal")),
    rule = list(alpha_action = alpha_action, sd_floor = sd_floor), batches = judged
  )
}

#' Which variables make an observation, or a whole batch, leave the model.
#'
#' SPE: the signed residual in scaled units; the squares add up to SPE. T2: the part of each variable; the parts add up to
#' T2. `expected` is what the model reconstructs (SPE) or the mean of the reference batches at that maturity (T2).
#' Without `at` the contributions are pooled over the observations beyond the limit, or over all when there is none, and
#' `value`, `expected` and `maturity` of a variable are taken where its own contribution is greatest.
#'
#' @param model Result of batch_evolution or batch_level.
#' @param data Observations of at least this batch.
#' @param batch Name of the batch.
#' @param at Index, from 0, of the observation (evolution) or of the grid point (level).
#' @param statistic Which statistic to explain.
#' @param running Whether the batch has not ended.
#' @export
contributions <- function(model, data, batch, at = NULL, statistic = c("spe", "t2"), running = FALSE) {
  statistic <- match.arg(statistic)
  frame <- .as_frame(data)
  frame <- frame[as.character(frame$batch) == batch, , drop = FALSE]
  if (nrow(frame) == 0) .stop("batch: there are no observations of batch %s", batch)
  explain <- if (.text(model$kind) == "level") .level_parts else .evolution_parts
  parts <- explain(model, frame, batch, statistic, isTRUE(running))
  if (is.null(at)) {
    rows <- which(parts$outside)
    if (length(rows) == 0) rows <- which(!is.na(parts$statistic))
    index <- NULL
  } else {
    index <- as.integer(at)
    if (is.na(index) || index < 0 || index >= nrow(parts$value)) .stop("at: must be between 0 and %d", nrow(parts$value) - 1)
    rows <- index + 1L
  }
  part <- parts$part[rows, , drop = FALSE]
  peak <- rows[apply(abs(part), 2, function(v) if (all(is.na(v))) 1L else which.max(v))]
  pooled <- if (statistic == "spe") sign(colMeans(part, na.rm = TRUE)) * sqrt(parts$pool(part^2)) else parts$pool(part)
  pooled[is.na(pooled)] <- 0
  weight <- if (statistic == "spe") pooled^2 else abs(pooled)
  order <- order(weight, decreasing = TRUE)
  items <- lapply(order, function(k) list(
    variable = parts$variables[k], contribution = pooled[[k]], value = parts$value[[peak[k], k]], expected = parts$expected[[peak[k], k]],
    share = if (sum(weight) > 0) weight[[k]] / sum(weight) else 0, maturity = parts$maturity[peak[k]]
  ))
  list(
    kind = .text(model$kind), batch = batch, statistic = statistic, at = index, maturity = if (is.null(index)) NULL else parts$maturity[rows],
    value = parts$total(rows), limit = parts$limit(rows), observations = length(rows), items = items
  )
}

#' Mean and mean +- 3 standard deviations of every tag over the reference batches, by percent of maturity.
#'
#' @param data Observations: batch, time, tags.
#' @param reference Names of the batches that define normal behaviour.
#' @export
envelope <- function(data, reference) {
  d <- .observations(data, reference, character())
  grid <- 0:100
  paths <- .tag_path(.align(d, d$x, grid)[, , d$reference, drop = FALSE])
  list(
    maturity = grid, duration_s_mean = mean(d$duration[d$reference]),
    tags = lapply(seq_along(d$tags), function(k) list(tag = d$tags[k], mean = paths$x_mean[[k]], low = paths$x_low[[k]], high = paths$x_high[[k]]))
  )
}

# ---- Observations ----------------------------------------------------------------------------------------------------

# The first few names of a long list.
.some <- function(names, most = 10) {
  more <- length(names) - most
  paste0(paste(utils::head(names, most), collapse = ", "), if (more > 0) sprintf(" and %d more", more))
}

.stop <- function(format, ...) stop(sprintf(format, ...), call. = FALSE)
.text <- function(x) as.character(unlist(x))[1]

# A vector that stays an array when it is written as JSON, also with one element.
.array <- function(x) {
  if (is.double(x)) x[is.nan(x)] <- NA # no number is no value; JSON has one word for both
  if (length(x) == 1) list(x[[1]]) else if (length(x) == 0) list() else unname(x)
}
.rows_of <- function(m) lapply(seq_len(nrow(m)), function(i) .array(m[i, ]))

# The same from JSON: rows arrive as a list of vectors or as a matrix.
.matrix <- function(x) if (is.matrix(x)) x else do.call(rbind, lapply(x, function(r) as.numeric(unlist(r))))
.numbers <- function(x) as.numeric(unlist(x))

.as_frame <- function(data) {
  frame <- as.data.frame(data, stringsAsFactors = FALSE, check.names = FALSE, optional = TRUE)
  missing <- setdiff(c("batch", "time"), names(frame))
  if (length(missing) > 0) .stop("data: the column %s is missing", missing[1])
  frame
}

# Sorted observations with their maturity, one entry per batch; a batch with fewer than two moments is skipped and named.
.observations <- function(data, reference, running) {
  frame <- .as_frame(data)
  tags <- setdiff(names(frame), c("batch", "time"))
  if (length(tags) == 0) .stop("data: there are no tags")
  text <- tags[!vapply(frame[tags], function(v) is.numeric(v) || is.logical(v), TRUE)]
  if (length(text) > 0) .stop("data: the values of tag %s are not numbers", text[1])
  id <- as.character(frame$batch)
  reference <- unique(as.character(unlist(reference)))
  x <- matrix(as.numeric(unlist(frame[tags], use.names = FALSE)), nrow(frame), length(tags), dimnames = list(NULL, tags))
  usable <- rowSums(!is.na(x)) >= length(tags) / 2 & !is.na(frame$time)
  batches <- unique(id)
  order <- order(match(id, batches), frame$time)
  order <- order[usable[order]]
  last <- c(id[order][-1] != id[order][-length(order)] | diff(frame$time[order]) != 0, TRUE)
  order <- order[last[seq_along(order)]] # of several values of one moment the last one counts
  count <- tabulate(match(id[order], batches), length(batches))
  short <- batches[count < 2]
  absent <- c(setdiff(reference, batches), intersect(reference, short))
  if (length(absent) > 0) .stop("reference: there are no usable values of batch %s", .some(absent))
  order <- order[!(id[order] %in% short)]
  batches <- batches[count >= 2]
  row_batch <- match(id[order], batches)
  time <- as.numeric(frame$time[order])
  first <- tapply(time, row_batch, min)
  duration <- as.numeric(tapply(time, row_batch, max) - first)
  is_reference <- batches %in% reference
  is_running <- batches %in% as.character(unlist(running))
  if (any(is_reference & is_running)) .stop("reference: batch %s is still running", batches[is_reference & is_running][1])
  whole <- ifelse(is_running, mean(duration[is_reference]), duration)
  maturity <- pmin(100, 100 * (time - first[row_batch]) / whole[row_batch])
  list(
    tags = tags, batches = batches, reference = is_reference, running = is_running, duration = duration, row_batch = row_batch,
    time = time, maturity = as.numeric(maturity), x = x[order, , drop = FALSE], skipped = lapply(short, function(b) list(id = b, reason = "no usable values"))
  )
}

.check_settings <- function(d, components, alpha) {
  if (components < 1 || components != round(components)) .stop("components: must be a whole number from 1")
  if (alpha <= 0.5 || alpha >= 1) .stop("alpha: must be between 0.5 and 1")
  if (sum(d$reference) < components + 2) .stop("reference: %d components need at least %d reference batches; there are %d", components, components + 2, sum(d$reference))
}

# ---- Models ----------------------------------------------------------------------------------------------------------

.column_sd <- function(x, mean) {
  centred <- x - rep(mean, each = nrow(x))
  sqrt(colSums(centred^2, na.rm = TRUE) / pmax(colSums(!is.na(x)) - 1, 1))
}

# A column that hardly varies would get full weight by unit-variance scaling: it is left out, as is one without values.
.scaling <- function(x, floor = 0) {
  mean <- colMeans(x, na.rm = TRUE)
  sd <- pmax(.column_sd(x, mean), floor)
  kept <- !is.na(mean) & !is.na(sd) & sd > 1e-8 * pmax(abs(mean), 1)
  if (!any(kept)) .stop("data: no tag varies over the reference batches")
  list(mean = mean[kept], sd = sd[kept], kept = kept)
}

.scaled <- function(x, scaling) {
  x <- x[, scaling$kept, drop = FALSE]
  (x - rep(scaling$mean, each = nrow(x))) / rep(scaling$sd, each = nrow(x))
}

# Products over the known values only; without missing values plain matrix products.
.fit_rows <- function(x, v, complete) if (complete) drop(x %*% v) / sum(v^2) else {
  known <- !is.na(x)
  x[!known] <- 0
  drop(x %*% v) / drop(known %*% v^2)
}
.fit_columns <- function(x, v, complete) if (complete) drop(crossprod(x, v)) / sum(v^2) else {
  known <- !is.na(x)
  x[!known] <- 0
  drop(crossprod(x, v)) / drop(crossprod(known, v^2))
}

.pls1 <- function(x, y, components) {
  complete <- !anyNA(x)
  sum_x <- sum(x^2, na.rm = TRUE)
  sum_y <- sum(y^2)
  weights <- loadings <- matrix(0, ncol(x), components, dimnames = list(colnames(x), NULL))
  inner <- r2x <- r2y <- numeric(components)
  for (a in seq_len(components)) {
    w <- .fit_columns(x, y, complete)
    w <- w / sqrt(sum(w^2))
    t <- .fit_rows(x, w, complete)
    p <- .fit_columns(x, t, complete)
    if (p[which.max(abs(p))] < 0) {
      w <- -w
      t <- -t
      p <- -p
    }
    q <- sum(y * t) / sum(t^2)
    before_x <- sum(x^2, na.rm = TRUE)
    before_y <- sum(y^2)
    x <- x - tcrossprod(t, p)
    y <- y - q * t
    r2x[a] <- (before_x - sum(x^2, na.rm = TRUE)) / sum_x
    r2y[a] <- (before_y - sum(y^2)) / sum_y
    weights[, a] <- w
    loadings[, a] <- p
    inner[a] <- q
  }
  vip <- sqrt(nrow(weights) * drop(weights^2 %*% r2y) / sum(r2y))
  list(weights = weights, loadings = loadings, inner = inner, r2x = r2x, r2y = r2y, vip = vip, rotation = weights %*% solve(crossprod(loadings, weights)))
}

# Scores and residuals of observations, component by component, so that missing values need no special case.
.project <- function(x, weights, loadings) {
  complete <- !anyNA(x)
  variables <- ncol(x)
  scores <- matrix(0, nrow(x), ncol(weights))
  for (a in seq_len(ncol(weights))) {
    scores[, a] <- .fit_rows(x, weights[, a], complete)
    x <- x - tcrossprod(scores[, a], loadings[, a])
  }
  list(scores = scores, residuals = x, spe = rowSums(x^2, na.rm = TRUE) * variables / rowSums(!is.na(x)))
}

.pca <- function(x, components) {
  s <- svd(x, nu = 0, nv = components)
  loadings <- s$v
  for (a in seq_len(components)) if (loadings[which.max(abs(loadings[, a])), a] < 0) loadings[, a] <- -loadings[, a]
  list(loadings = loadings, variance = s$d[seq_len(components)]^2 / (nrow(x) - 1), r2x = s$d[seq_len(components)]^2 / sum(s$d^2))
}

# Q2 after each component: batch i belongs to group i mod `groups`; scaling is learnt without the group.
.q2_by_batch <- function(d, ref, components, groups) {
  members <- which(d$reference)
  groups <- min(groups, length(members))
  group <- (seq_along(members) - 1L) %% groups
  press <- numeric(components)
  for (g in seq_len(groups) - 1L) {
    out <- d$row_batch %in% members[group == g]
    fit <- ref & !out
    scaling <- .scaling(d$x[fit, , drop = FALSE])
    y_mean <- mean(d$maturity[fit])
    model <- .pls1(.scaled(d$x[fit, , drop = FALSE], scaling), d$maturity[fit] - y_mean, components)
    scores <- .project(.scaled(d$x[out, , drop = FALSE], scaling), model$weights, model$loadings)$scores
    rest <- d$maturity[out] - y_mean
    for (a in seq_len(components)) {
      rest <- rest - scores[, a] * model$inner[a]
      press[a] <- press[a] + sum(rest^2)
    }
  }
  1 - press / sum((d$maturity[ref] - mean(d$maturity[ref]))^2)
}

.held_out_residuals <- function(unfolded, whole, components, groups) {
  groups <- min(groups, nrow(unfolded))
  group <- (seq_len(nrow(unfolded)) - 1L) %% groups
  residuals <- matrix(0, nrow(unfolded), sum(whole$kept))
  for (g in seq_len(groups) - 1L) {
    # Scaled like the final model, so that the residuals have its unit; centred without the group.
    x <- .scaled(unfolded, whole)
    x <- x - rep(colMeans(x[group != g, , drop = FALSE]), each = nrow(x))
    count <- min(components, sum(group != g) - 1L)
    loadings <- .pca(x[group != g, , drop = FALSE], count)$loadings
    left <- x[group == g, , drop = FALSE]
    residuals[group == g, ] <- left - tcrossprod(left %*% loadings, loadings)
  }
  residuals
}

# ---- Alignment and limits --------------------------------------------------------------------------------------------

# Values on the grid: an array of grid x columns x batches, linear between observations. A running batch is NA beyond its end.
.align <- function(d, values, grid) {
  aligned <- array(NA_real_, c(length(grid), ncol(values), length(d$batches)))
  for (b in seq_along(d$batches)) {
    rows <- which(d$row_batch == b)
    at <- d$maturity[rows]
    v <- values[rows, , drop = FALSE]
    for (k in which(colSums(is.na(v)) > 0)) {
      known <- !is.na(v[, k])
      if (sum(known) > 1) v[, k] <- stats::approx(at[known], v[known, k], at, rule = 2, ties = "ordered")$y
    }
    left <- pmax(1L, findInterval(grid, at, all.inside = TRUE))
    width <- at[left + 1L] - at[left]
    share <- ifelse(width > 0, (grid - at[left]) / width, 0)
    out <- v[left, , drop = FALSE] * (1 - share) + v[left + 1L, , drop = FALSE] * share
    out[grid > at[length(at)] + 1e-9, ] <- NA
    aligned[, , b] <- out
  }
  aligned
}

.unfold <- function(aligned, d) {
  unfolded <- t(matrix(aligned, dim(aligned)[1] * dim(aligned)[2], dim(aligned)[3]))
  incomplete <- d$batches[rowSums(is.na(unfolded)) > 0 & d$reference]
  if (length(incomplete) > 0) {
    without <- apply(is.na(aligned[, , match(incomplete[1], d$batches), drop = FALSE]), 2, any)
    .stop("reference: tag %s has no usable values in batch %s", d$tags[without][1], incomplete[1])
  }
  # What is not known yet is taken as average, that is without deviation.
  mean <- colMeans(unfolded[d$reference, , drop = FALSE])
  holes <- which(is.na(unfolded), arr.ind = TRUE)
  unfolded[holes] <- mean[holes[, 2]]
  unfolded
}

.windowed <- function(v, window) {
  n <- length(v)
  total <- c(0, cumsum(v))
  from <- pmax(1L, seq_len(n) - window)
  to <- pmin(n, seq_len(n) + window)
  (total[to + 1L] - total[from]) / (to - from + 1L)
}

# Mean trajectory of the scores of the reference batches and, at each grid point, the inverse of their covariance.
.mean_path <- function(scores, window, floor) {
  points <- dim(scores)[1]
  count <- dim(scores)[2]
  mean <- apply(scores, c(1, 2), base::mean)
  sd <- apply(scores, c(1, 2), stats::sd)
  covariance <- array(0, c(points, count, count))
  for (j in seq_len(points)) covariance[j, , ] <- stats::cov(t(matrix(scores[j, , ], count)))
  for (a in seq_len(count)) for (b in seq_len(count)) covariance[, a, b] <- .windowed(covariance[, a, b], window)
  inverse <- array(0, c(points, count, count))
  for (j in seq_len(points)) inverse[j, , ] <- solve(matrix(covariance[j, , ], count) + diag(floor, count))
  list(mean = mean, sd = sd, inverse = inverse)
}

.path_result <- function(path) list(
  t_mean = .rows_of(t(path$mean)), t_low = .rows_of(t(path$mean - 3 * path$sd)), t_high = .rows_of(t(path$mean + 3 * path$sd)),
  t_inverse = lapply(seq_len(dim(path$inverse)[1]), function(j) .array(as.numeric(path$inverse[j, , ])))
)

.tag_path <- function(x) {
  mean <- apply(x, c(1, 2), base::mean, na.rm = TRUE)
  sd <- apply(x, c(1, 2), stats::sd, na.rm = TRUE)
  list(x_mean = .rows_of(t(mean)), x_low = .rows_of(t(mean - 3 * sd)), x_high = .rows_of(t(mean + 3 * sd)))
}

# Squared distance of scores from the mean trajectory, both taken linearly between grid points.
.path_distance <- function(scores, maturity, grid, path) {
  left <- pmin(pmax(findInterval(maturity, grid), 1L), length(grid) - 1L)
  share <- (maturity - grid[left]) / (grid[left + 1L] - grid[left])
  from_mean <- scores - (path$mean[left, , drop = FALSE] * (1 - share) + path$mean[left + 1L, , drop = FALSE] * share)
  distance <- numeric(nrow(scores))
  for (a in seq_len(ncol(scores))) for (b in seq_len(ncol(scores))) {
    inverse <- path$inverse[left, a, b] * (1 - share) + path$inverse[left + 1L, a, b] * share
    distance <- distance + from_mean[, a] * inverse * from_mean[, b]
  }
  distance
}

# Box's approximation of SPE at each grid point, its moments pooled over neighbouring points.
.spe_path <- function(spe, window) {
  mean <- .windowed(rowMeans(spe), window)
  variance <- .windowed(apply(spe, 1, stats::var), window)
  floor <- 1e-12 * max(mean, 1e-300)
  mean <- pmax(mean, floor)
  variance <- pmax(variance, floor * mean)
  list(g = variance / (2 * mean), h = 2 * mean^2 / variance)
}

.t2_limit <- function(formula, alpha, a, n) switch(formula,
  "f-new" = list(value = a * (n^2 - 1) / (n * (n - a)) * stats::qf(alpha, a, n - a), alpha = alpha, formula = "A(N^2-1)/(N(N-A)) F(alpha; A, N-A)", n = n),
  "f" = list(value = a * (n - 1) / (n - a) * stats::qf(alpha, a, n - a), alpha = alpha, formula = "A(N-1)/(N-A) F(alpha; A, N-A)", n = n),
  "beta" = list(value = (n - 1)^2 / n * stats::qbeta(alpha, a / 2, (n - a - 1) / 2), alpha = alpha, formula = "(N-1)^2/N Beta(alpha; A/2, (N-A-1)/2)", n = n),
  "chi2" = list(value = stats::qchisq(alpha, a), alpha = alpha, formula = "chi2(alpha; A)", n = n)
)

.spe_limit <- function(formula, alpha, spe, residuals) {
  if (formula == "box") {
    m <- mean(spe, na.rm = TRUE)
    v <- stats::var(spe, na.rm = TRUE)
    return(list(value = v / (2 * m) * stats::qchisq(alpha, 2 * m^2 / v), alpha = alpha, formula = "g chi2(alpha; h), g = v/2m, h = 2m^2/v (Box)"))
  }
  residuals[is.na(residuals)] <- 0
  smaller <- if (nrow(residuals) < ncol(residuals)) tcrossprod(residuals) else crossprod(residuals)
  lambda <- pmax(eigen(smaller, symmetric = TRUE, only.values = TRUE)$values / (nrow(residuals) - 1), 0)
  theta <- vapply(1:3, function(i) sum(lambda^i), 0)
  h0 <- 1 - 2 * theta[1] * theta[3] / (3 * theta[2]^2)
  c_alpha <- stats::qnorm(alpha) * sign(h0) # the deviate takes the sign of h0
  value <- theta[1] * (c_alpha * sqrt(2 * theta[2] * h0^2) / theta[1] + 1 + theta[2] * h0 * (h0 - 1) / theta[1]^2)^(1 / h0)
  list(value = value, alpha = alpha, formula = "Jackson-Mudholkar")
}

# ---- Judgement and contributions -------------------------------------------------------------------------------------

.first_run <- function(outside, length_needed) {
  runs <- rle(outside & !is.na(outside))
  long <- which(runs$values & runs$lengths >= length_needed)
  if (length(long) == 0) return(NA_integer_)
  sum(runs$lengths[seq_len(long[1] - 1L)]) + 1L
}

.judge <- function(outside, t2, spe, maturity, alpha, run) {
  share <- mean(outside$t2 | outside$spe, na.rm = TRUE)
  action <- c(t2 = .first_run(outside$t2_action, run), spe = .first_run(outside$spe_action, run))
  abnormal <- share > 4 * (1 - alpha) || any(!is.na(action))
  alarm <- NULL
  if (abnormal) {
    level <- if (any(!is.na(action))) "action" else "warning"
    starts <- if (level == "action") action else c(t2 = .first_run(outside$t2, run), spe = .first_run(outside$spe, run))
    if (all(is.na(starts))) starts <- c(t2 = which(outside$t2)[1], spe = which(outside$spe)[1])
    first <- which.min(starts)
    alarm <- list(maturity = maturity[starts[first]], index = starts[[first]] - 1L, statistic = names(starts)[first], level = level)
  }
  list(
    t2_max = max(t2, na.rm = TRUE), spe_max = max(spe, na.rm = TRUE), share_outside = share,
    share_t2 = mean(outside$t2, na.rm = TRUE), share_spe = mean(outside$spe, na.rm = TRUE), abnormal = abnormal, first_alarm = alarm
  )
}

.constant_tags <- function(tags, kept, points) tags[!apply(matrix(kept, points), 2, any)]

# Time of one batch as maturity, by the rule of the model it is compared with.
.batch_maturity <- function(model, frame, running) {
  time <- as.numeric(frame$time)
  whole <- if (running) .numbers(model$duration_s_mean)[1] else max(time) - min(time)
  pmin(100, 100 * (time - min(time)) / whole)
}

.batch_observations <- function(model, frame, batch, running) {
  d <- .observations(frame, batch, character())
  if (running) d$maturity <- .batch_maturity(model, data.frame(time = d$time), TRUE)
  absent <- setdiff(as.character(unlist(model$variables)), d$tags)
  if (length(absent) > 0) .stop("data: the model needs the tag %s", absent[1])
  d
}

.evolution_parts <- function(model, frame, batch, statistic, running) {
  d <- .batch_observations(model, frame, batch, running)
  variables <- as.character(unlist(model$variables))
  raw <- d$x[, variables, drop = FALSE]
  mean <- .numbers(model$scaling$mean)
  sd <- .numbers(model$scaling$sd)
  x <- .scaled(raw, list(mean = mean, sd = sd, kept = rep(TRUE, length(mean))))
  weights <- t(.matrix(model$weights))
  loadings <- t(.matrix(model$loadings))
  rotation <- t(.matrix(model$rotation))
  projected <- .project(x, weights, loadings)
  grid <- .numbers(model$grid$maturity)
  components <- ncol(weights)
  path <- list(mean = t(.matrix(model$grid$t_mean)), inverse = array(.matrix(model$grid$t_inverse), c(length(grid), components, components)))
  at <- function(rows) function(v) stats::approx(grid, v, d$maturity[rows])$y
  all_rows <- at(seq_along(d$maturity))
  if (statistic == "spe") {
    value <- projected$spe
    limit <- all_rows(.numbers(model$grid$spe_limit))
    part <- projected$residuals
    expected <- raw - part * rep(sd, each = nrow(raw))
  } else {
    value <- .path_distance(projected$scores, d$maturity, grid, path)
    limit <- all_rows(.numbers(model$grid$t2_limit))
    expected <- apply(.matrix(model$grid$x_mean), 1, all_rows)
    from_mean <- (raw - expected) / rep(sd, each = nrow(raw))
    score_mean <- apply(path$mean, 2, all_rows)
    inverse <- lapply(seq_len(components), function(a) vapply(seq_len(components), function(b) all_rows(path$inverse[, a, b]), numeric(nrow(raw))))
    pull <- vapply(inverse, function(i) rowSums(i * (projected$scores - score_mean)), numeric(nrow(raw)))
    part <- from_mean * tcrossprod(matrix(pull, nrow(raw)), rotation)
  }
  list(
    variables = variables, value = raw, expected = expected, part = part, statistic = value, outside = value > limit, maturity = d$maturity,
    pool = function(m) colMeans(m, na.rm = TRUE), total = function(rows) mean(value[rows], na.rm = TRUE), limit = function(rows) mean(limit[rows], na.rm = TRUE)
  )
}

# The parts of a whole batch at each grid point: rows are grid points, columns variables.
.level_parts <- function(model, frame, batch, statistic, running) {
  d <- .batch_observations(model, frame, batch, running)
  variables <- as.character(unlist(model$variables))
  grid <- .numbers(model$grid$maturity)
  raw <- .align(d, d$x[, variables, drop = FALSE], grid)[, , 1]
  raw <- matrix(raw, length(grid))
  column <- cbind(.numbers(model$columns$point) + 1, .numbers(model$columns$variable) + 1)
  mean <- .numbers(model$scaling$mean)
  sd <- .numbers(model$scaling$sd)
  x <- (raw[column] - mean) / sd
  x[is.na(x)] <- 0
  loadings <- t(.matrix(model$loadings))
  scores <- drop(x %*% loadings)
  variance <- .numbers(model$score_sd)^2
  residual <- x - drop(loadings %*% scores)
  part <- matrix(0, length(grid), length(variables))
  expected <- t(.matrix(model$grid$x_mean))
  if (statistic == "spe") {
    part[column] <- residual
    expected[column] <- raw[column] - residual * sd
  } else {
    part[column] <- x * drop(loadings %*% (scores / variance))
  }
  total <- if (statistic == "spe") sum(residual^2) else sum(scores^2 / variance)
  whole <- seq_along(grid)
  list(
    variables = variables, value = raw, expected = expected, part = part, statistic = rep(0, length(grid)), outside = rep(FALSE, length(grid)), maturity = grid,
    pool = function(m) colSums(m), limit = function(rows) .numbers(model$limits[[statistic]]$value)[1],
    total = function(rows) if (length(rows) == length(whole)) total else if (statistic == "spe") sum(part[rows, ]^2) else sum(part[rows, ])
  )
}
