# Checks R/mvda.R against published reference values and against code of others: Rscript reference.R <mvda.R> <dryer.csv>
# prints one line per check, `ok` or `FAILED`, and leaves with status 1 when one failed.
arguments <- commandArgs(trailingOnly = TRUE)
source(arguments[1])

data <- read.csv(arguments[2])
names(data)[names(data) == "batch_id"] <- "batch"
data$batch <- as.character(data$batch)
data$time <- data$ClockTime * 60
data$ClockTime <- NULL
tags <- setdiff(names(data), c("batch", "time"))
all_batches <- as.character(1:71)
failed <- 0

check <- function(name, ok) {
  cat(if (isTRUE(ok)) "ok" else "FAILED", "-", name, "\n")
  if (!isTRUE(ok)) failed <<- failed + 1
}
close_to <- function(x, y, tolerance) length(x) == length(y) && all(abs(x - y) <= tolerance * pmax(abs(y), 1e-3))
refuses <- function(expression, words) {
  message <- tryCatch({ expression; "" }, error = conditionMessage)
  grepl(words, message, fixed = TRUE)
}
batch <- function(model, id) Filter(function(b) b$id == id, model$batches)[[1]]
signed <- function(x, y) x * sign(sum(x * y))

started <- proc.time()[["elapsed"]]
model <- batch_evolution(data, all_batches)
took <- proc.time()[["elapsed"]] - started
x <- scale(as.matrix(data[tags]))

check("R2Y of the dryer with three components", close_to(model$r2y_total, 0.9359071415, 1e-9))
w1 <- c(0.3242500162, 0.02766424858, 0.3429660237, -0.4053102523, 0.2119230867, -0.4003946075, -0.368645651, -0.3333249358, -0.2381000526, 0.3213573121)
check("first weights", close_to(signed(unlist(model$weights[[1]]), w1), w1, 1e-9))
first <- vapply(1:3, function(a) batch(model, "1")$t[[a]][1], 0)
check("scores of the first observation, sign free", close_to(abs(first), c(1.936581268, 2.392700251, 0.8744811856), 1e-8))
check("the largest loading of every component is positive", all(vapply(model$loadings, function(p) p[which.max(abs(p))] > 0, TRUE)))
check("weights are orthonormal", close_to(crossprod(do.call(cbind, model$weights)), diag(3), 1e-9))
scores <- do.call(rbind, lapply(model$batches, function(b) do.call(cbind, b$t)))
check("scores are orthogonal", max(abs(cor(scores) - diag(3))) < 1e-8)
check("T = X W*", close_to(scores, x %*% do.call(cbind, model$rotation), 1e-8))
maturity <- unlist(lapply(model$batches, `[[`, "maturity"))
predicted <- unlist(lapply(model$batches, `[[`, "predicted"))
check("predicted maturity gives R2Y", close_to(1 - sum((maturity - predicted)^2) / sum((maturity - mean(maturity))^2), model$r2y_total, 1e-9))
check("SPE is the residual of X", close_to(unlist(lapply(model$batches, `[[`, "spe")), rowSums((x - scores %*% do.call(rbind, model$loadings))^2), 1e-8))
check("model T2 is sum t^2/s^2", close_to(unlist(lapply(model$batches, `[[`, "t2_model")), rowSums(sweep(scores, 2, apply(scores, 2, sd), "/")^2), 1e-9))
check("squares of VIP average one", close_to(mean(unlist(model$vip)^2), 1, 1e-9))
check("all components of X give least squares", close_to(batch_evolution(data, all_batches, components = 10)$r2y_total, summary(lm(maturity ~ x))$r.squared, 1e-8))
check("T2 limit counts batches", close_to(model$limits$t2$value, 3 * (71^2 - 1) / (71 * 68) * qf(0.95, 3, 68), 1e-12))
check("Q2 is below R2Y and near it", model$q2[3] < model$r2y_total && model$q2[3] > 0.9)
check(sprintf("71 batches in %.2f s", took), took < 10)

# The story: forty batches as reference; the abnormal ones are named, with the tag that makes them so.
story <- batch_evolution(data, as.character(1:40))
shares <- vapply(story$batches, `[[`, 0, "share_outside")
check("batch 60 is the most abnormal", story$batches[[which.max(shares)]]$id == "60" && batch(story, "60")$abnormal)
for (statistic in c("spe", "t2")) {
  why <- contributions(story, data, "60", NULL, statistic)
  check(paste("its collector tank level is why:", statistic), why$items[[1]]$variable == "CollectorTankLevel" && why$items[[1]]$value > why$items[[1]]$expected)
}
at <- batch(story, "60")$first_alarm$index
spe <- contributions(story, data, "60", at, "spe")
t2 <- contributions(story, data, "60", at, "t2")
part <- function(c) vapply(c$items, `[[`, 0, "contribution")
check("squared SPE contributions add up to SPE", close_to(sum(part(spe)^2), batch(story, "60")$spe[at + 1], 1e-9) && close_to(spe$value, batch(story, "60")$spe[at + 1], 1e-9))
check("T2 contributions add up to T2", close_to(sum(part(t2)), batch(story, "60")$t2[at + 1], 1e-9))

# Batch level against prcomp.
level <- batch_level(data, all_batches, sd_floor = 0)
grid <- 0:100
unfolded <- t(vapply(all_batches, function(id) {
  rows <- data$batch == id
  as.numeric(vapply(tags, function(tag) approx(seq(0, 100, length.out = sum(rows)), data[rows, tag], grid)$y, grid + 0))
}, numeric(1010)))
peer <- prcomp(unfolded, scale. = TRUE, rank. = 3)
check("R2X as prcomp", close_to(level$r2x, (peer$sdev^2 / sum(peer$sdev^2))[1:3], 1e-8))
peer_t2 <- rowSums(sweep(peer$x, 2, peer$sdev[1:3], "/")^2)
check("T2 as prcomp", close_to(vapply(level$batches, `[[`, 0, "t2"), peer_t2, 1e-8))
peer_spe <- rowSums((scale(unfolded) - peer$x %*% t(peer$rotation))^2)
check("SPE as prcomp", close_to(vapply(level$batches, `[[`, 0, "spe_fit"), peer_spe, 1e-8))
why <- contributions(level, data, "26", NULL, "spe")
check("SPE contributions of a whole batch add up", close_to(sum(part(why)^2), batch(level, "26")$spe_fit, 1e-8))
why <- contributions(level, data, "60", NULL, "t2")
check("T2 contributions of a whole batch add up", close_to(sum(part(why)), batch(level, "60")$t2, 1e-8))
check("tank level explains batch 60", contributions(batch_level(data, as.character(1:40)), data, "60")$items[[1]]$variable == "CollectorTankLevel")

# Limits against simulation-free identities.
check("chi-squared limit", close_to(.t2_limit("chi2", 0.95, 2, 50)$value, 5.991464547, 1e-9))
check("beta limit", close_to(.t2_limit("beta", 0.95, 2, 20)$value, 19^2 / 20 * qbeta(0.95, 1, 8.5), 1e-12))
set.seed(7)
noise <- matrix(rnorm(4e5), 1e5)
box <- .spe_limit("box", 0.95, rowSums(noise^2), noise)$value
jackson <- .spe_limit("jackson-mudholkar", 0.95, rowSums(noise^2), noise)$value
check("both SPE limits meet chi-squared on white noise", abs(box / qchisq(0.95, 4) - 1) < 0.01 && abs(jackson / qchisq(0.95, 4) - 1) < 0.02)

# Imperfect data.
holes <- data
holes$JacketTemperature[seq(5, nrow(holes), by = 17)] <- NA
check("a few missing values hardly matter", abs(batch_evolution(holes, all_batches)$r2y_total - model$r2y_total) < 0.01)
constant <- data
constant$Valve <- 1
check("a tag that does not vary is excluded and named", identical(unlist(batch_evolution(constant, all_batches)$excluded), "Valve") && close_to(batch_evolution(constant, all_batches)$r2y_total, model$r2y_total, 1e-9))
empty <- data
empty$Broken <- NA
without <- batch_evolution(empty, all_batches)
check("a tag without values is excluded and named", identical(unlist(without$without_values), "Broken") && close_to(without$r2y_total, model$r2y_total, 1e-9))
running <- batch_evolution(data, as.character(1:40), running = "71")
check("a running batch is measured against the mean duration", max(unlist(batch(running, "71")$maturity)) < 100 && max(unlist(batch(running, "70")$maturity)) == 100)
check("a reference batch without data is named", refuses(batch_evolution(data[data$batch != "5", ], all_batches), "batch 5"))
empty$Broken <- ifelse(data$batch == "5", NA, data$JacketTemperature + seq_len(nrow(data)) %% 7)
check("a tag without values in a reference batch is named", refuses(batch_level(empty, all_batches), "tag Broken has no usable values in batch 5"))
check("too few reference batches are refused", refuses(batch_evolution(data, as.character(1:4)), "at least 5 reference batches"))
check("a tag of text is named", refuses(batch_evolution(transform(data, Phase = "heat"), all_batches), "tag Phase"))

# No vector of the results has names: they would turn arrays into objects in JSON.
nameless <- function(v) if (is.list(v)) all(vapply(v, nameless, TRUE)) else is.null(names(v))
check("arrays stay arrays", all(vapply(list(model, level, spe, t2, batch_evolution(data, all_batches, components = 1)), nameless, TRUE)))
quit(status = if (failed > 0) 1 else 0)
