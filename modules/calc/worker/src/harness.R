# The R side of a worker. Its value is the list of functions that the Rust side calls; nothing is left in the global environment.
local({
  mem.maxVSize({memory_mb})
  Sys.setlocale("LC_ALL", "C.UTF-8")
  options(warn = 1, width = 120L, digits = 15L, keep.source = FALSE, browserNLdisabled = TRUE,
          device = function(...) grDevices::pdf(NULL))
  set.seed(1L, "Mersenne-Twister", "Inversion", "Rejection")

  kept <- 100L # warnings and messages reported per call
  scripts <- new.env(hash = TRUE, parent = emptyenv())
  # What a script sees beside R itself.
  offered <- new.env(parent = globalenv())
  offered$progress <- function(fraction, message = "") {
    invisible(.Call("dcp_progress", as.double(fraction)[1L], as.character(message)[1L], PACKAGE = "(embedding)"))
  }
  lockEnvironment(offered, bindings = TRUE)

  one_line <- function(call) {
    if (is.null(call)) return(NULL)
    text <- paste(deparse(call, width.cutoff = 200L, nlines = 2L), collapse = " ")
    if (nchar(text) > 300L) paste0(substr(text, 1L, 297L), "...") else text
  }

  # The same random numbers for the same call, whatever ran before.
  run <- function(call, env, seed) {
    warnings <- character()
    messages <- character()
    failure <- NULL
    set.seed(seed, "Mersenne-Twister", "Inversion", "Rejection")
    value <- tryCatch(
      withCallingHandlers(eval(call, env),
        warning = function(w) {
          if (length(warnings) < kept) warnings <<- c(warnings, conditionMessage(w))
          tryInvokeRestart("muffleWarning")
        },
        message = function(m) {
          if (length(messages) < kept) messages <<- c(messages, sub("\n$", "", conditionMessage(m)))
          tryInvokeRestart("muffleMessage")
        }),
      error = function(e) {
        failure <<- list(kind = "error", message = conditionMessage(e), call = one_line(conditionCall(e)), class = I(class(e)))
        NULL
      },
      interrupt = function(i) {
        failure <<- list(kind = "interrupted")
        NULL
      })
    list(value, failure, warnings, messages)
  }

  # The roxygen lines right above a definition, without their mark.
  lines_above <- function(lines, first) {
    last <- first - 1L
    from <- last
    while (from >= 1L && grepl("^\\s*#'", lines[from])) from <- from - 1L
    if (from < last) sub("^\\s*#' ?", "", lines[(from + 1L):last]) else character()
  }

  argument <- function(name, formal) {
    if (name == "...") return(list(name = name, required = FALSE, default = NULL, type = "any"))
    required <- identical(formal, quote(expr = ))
    list(name = name, required = required,
         default = if (!required) one_line(formal),
         type = if (required || is.language(formal) || is.null(formal)) "any" else typeof(formal))
  }

  # Public functions: those that the script assigns at its top level, unless hidden by a leading dot.
  functions_of <- function(parsed, lines, env) {
    sources <- attr(parsed, "srcref")
    found <- list()
    for (i in seq_along(parsed)) {
      e <- parsed[[i]]
      if (!is.call(e) || length(e) != 3L || !(identical(e[[1L]], quote(`<-`)) || identical(e[[1L]], quote(`=`)))) next
      name <- if (is.name(e[[2L]]) || is.character(e[[2L]])) as.character(e[[2L]]) else next
      if (startsWith(name, ".") || !is.function(env[[name]]) || is.primitive(env[[name]])) next
      formals <- as.list(formals(env[[name]]))
      arguments <- lapply(names(formals), function(n) argument(n, formals[[n]]))
      doc <- lines_above(lines, sources[[i]][[1L]])
      found[[name]] <- list(name = name, args = I(arguments), doc = paste(doc, collapse = "\n"))
    }
    unname(found)
  }

  load <- function(version, text) {
    lines <- strsplit(text, "\n", fixed = TRUE)[[1L]]
    parsed <- parse(text = lines, keep.source = TRUE, encoding = "UTF-8")
    env <- new.env(parent = offered)
    for (expression in parsed) eval(expression, env)
    described <- list(functions = I(functions_of(parsed, lines, env)), packages = packages())
    # A call that could change the script's own variables would change the next call.
    lockEnvironment(env, bindings = TRUE)
    scripts[[version]] <- env
    described
  }

  packages <- function() {
    names <- sort(loadedNamespaces())
    versions <- lapply(names, function(n) as.character(getNamespaceVersion(n)))
    names(versions) <- names
    versions
  }

  describe <- function() {
    list(r = paste(R.version$major, R.version$minor, sep = "."), platform = R.version$platform,
         locale = Sys.getlocale("LC_COLLATE"), time_zone = Sys.timezone(), rng = paste(RNGkind(), collapse = "/"))
  }

  # Compiled before the first call instead of during it.
  warm_up <- function() {
    env <- new.env(parent = offered)
    for (i in 1:3) {
      run(quote({ warning("w"); message("m"); 1 }), env, 1L)
      run(quote(stop("e")), env, 1L)
    }
  }
  # Nothing new may appear in the global environment either; the state of the random numbers is there already.
  lockEnvironment(globalenv())
  list(run, load, function(version) scripts[[version]], describe, warm_up)
})
