# R2Y of the evolution model of the first batches, straight from the recorded file: what the platform must find through all of its parts.
arguments <- commandArgs(trailingOnly = TRUE)
source(file.path(arguments[1], "modules/mvda/R/mvda.R"))
recorded <- utils::read.csv(file.path(arguments[1], "infra/pi-simulator/data/dryer.csv"))
recorded <- recorded[recorded$batch_id <= as.integer(arguments[2]), ]
data <- data.frame(batch = as.character(recorded$batch_id), time = recorded$ClockTime * 60)
for (tag in setdiff(names(recorded), c("batch_id", "ClockTime"))) data[[tag]] <- recorded[[tag]]
model <- batch_evolution(data, unique(data$batch), components = 3)
cat(sprintf("%.15f\n", model$r2y_total))
