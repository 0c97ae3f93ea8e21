# The R side of a worker. Its value is the list of functions that the Rust side calls; nothing is left in the global environment.
local({
  mem.maxVSize({memory_mb})
  Sys.setlocale("LC_ALL", "C.UTF-8")
  options(warn = 1, width = 120L, digits = 15L, keep.source = FALSE, browserNLdisabled = TRUE,
          device = function(...) open_device())
  set.seed(1L, "Mersenne-Twister", "Inversion", "Rejection")

  kept <- 100L # warnings and messages reported per call
  scripts <- new.env(hash = TRUE, parent = emptyenv())
  # What a script sees beside R itself.
  offered <- new.env(parent = globalenv())
  offered$progress <- function(fraction, message = "") {
    invisible(.Call("dcp_progress", as.double(fraction)[1L], as.character(message)[1L], PACKAGE = "(embedding)"))
  }
  # Fails where the value has no JSON form or is too long, so that nobody waits for what never comes.
  offered$emit <- function(name, value) {
    refused <- .Call("dcp_emit", as.character(name)[1L], value, PACKAGE = "(embedding)")
    if (!is.null(refused)) stop(refused, call. = FALSE)
    invisible(value)
  }
  lockEnvironment(offered, bindings = TRUE)

  # Plots are drawn in memory as SVG, the same bytes each time; without the package that does it they are not kept.
  pages <- NULL
  can_draw <- nzchar(system.file(package = "svglite"))
  open_device <- function() {
    if (can_draw) pages <<- svglite::svgstring(width = 8, height = 5, standalone = TRUE) else grDevices::pdf(NULL)
  }
  close_devices <- function() {
    if (is.null(grDevices::dev.list())) return(NULL)
    grDevices::graphics.off()
    drawn <- if (!is.null(pages)) as.character(pages())
    pages <<- NULL
    drawn
  }

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
        failure <<- list(kind = "error", message = conditionMessage(e), call = one_line(conditionCall(e)), class = I(class(e)),
                         line = attr(e, "dcp_line", exact = TRUE), file = attr(e, "dcp_file", exact = TRUE))
        NULL
      },
      interrupt = function(i) {
        failure <<- list(kind = "interrupted")
        NULL
      })
    list(value, failure, warnings, messages, close_devices())
  }

  # The roxygen lines right above a definition, without their mark.
  lines_above <- function(lines, first) {
    last <- first - 1L
    from <- last
    while (from >= 1L && grepl("^\\s*#'", lines[from])) from <- from - 1L
    if (from < last) sub("^\\s*#' ?", "", lines[(from + 1L):last]) else character()
  }

  # The value of a default that consists of constants alone; NULL for any other.
  plain <- c("c", "(", "-", "+", "*", "/", "^", ":", "character", "numeric", "integer", "logical", "double", "list",
             "as.Date", "as.POSIXct", "ISOdate", "ISOdatetime")
  constant <- function(formal) {
    if (!is.language(formal)) return(formal)
    if (is.name(formal) || length(all.vars(formal)) || !all(all.names(formal) %in% plain)) return(NULL)
    tryCatch(eval(formal, baseenv()), error = function(e) NULL)
  }

  # The class of time that a default shows, `Date` or `POSIXct`, without asking what time it is; NULL for any other.
  shown <- c(as.Date = "Date", Sys.Date = "Date", as.POSIXct = "POSIXct", Sys.time = "POSIXct", ISOdate = "POSIXct", ISOdatetime = "POSIXct")
  time_of <- function(formal) {
    if (!is.call(formal)) return(intersect(class(formal)[1L], shown))
    head <- formal[[1L]]
    if (is.call(head) && identical(head[[1L]], quote(`::`)) && identical(head[[2L]], quote(base))) head <- head[[3L]]
    if (!is.name(head)) return(character())
    head <- as.character(head)
    if (head %in% names(shown)) return(unname(shown[head]))
    if (!(head %in% c("(", "c", "+", "-"))) return(character())
    parts <- tryCatch(lapply(as.list(formal)[-1L], time_of), error = function(e) list()) # an empty argument is none
    times <- unlist(parts)
    # A time less a time is none.
    whole <- if (head == "c") length(times) == length(parts) else length(times) == 1L
    if (whole) unique(times) else character()
  }

  argument <- function(name, formal, seen) {
    if (name == "...") return(list(name = name, required = FALSE, default = NULL, type = "any"))
    given <- !identical(formal, quote(expr = ))
    value <- if (given) constant(formal)
    if (is.logical(value) && length(value) == 1L && is.na(value)) value <- NULL # NA stands for anything
    time <- if (given) time_of(formal)
    if (length(time) && anyNA(value)) value <- NULL
    list(name = name, required = !given && !(name %in% seen$tested),
         default = if (given) if (is.null(formal)) "NULL" else one_line(formal),
         type = if (length(time) == 1L) time else if (is.list(value)) "list" else if (is.atomic(value) && !is.null(value)) typeof(value) else "any",
         value = if (is.atomic(value) && length(value) >= 1L && length(value) <= 100L) value,
         choices = I(if (name %in% seen$matched && is.character(value)) value else character()),
         several = name %in% seen$several)
  }

  # The variable that an assignment changes: `x` of `x[[1]]$a <- 1`.
  changed <- function(target) {
    while (is.call(target) && length(target) > 1L) target <- target[[2L]]
    if (is.name(target) || is.character(target)) as.character(target) else character()
  }

  # What stands in the code of a function: arguments of match.arg and missing, variables it sets, here and outside.
  look_into <- function(f) {
    seen <- list(matched = character(), several = character(), tested = character(), set = names(formals(f)), outside = character())
    add <- function(what, name) seen[[what]] <<- c(seen[[what]], name)
    walk <- function(e) {
      if (!is.call(e) && !is.pairlist(e)) return(NULL)
      head <- if (is.call(e) && is.name(e[[1L]])) as.character(e[[1L]]) else ""
      if (head == "match.arg" && length(e) > 1L && is.name(e[[2L]])) {
        add("matched", as.character(e[[2L]]))
        if (isTRUE(e$several.ok)) add("several", as.character(e[[2L]]))
      } else if (head == "missing" && length(e) > 1L) add("tested", as.character(e[[2L]]))
      else if (head %in% c("<-", "=")) add("set", changed(e[[2L]]))
      else if (head == "<<-") add("outside", changed(e[[2L]]))
      else if (head == "for") add("set", as.character(e[[2L]]))
      else if (head == "function") add("set", names(e[[2L]]))
      for (i in seq_along(e)) if (!identical(e[[i]], quote(expr = ))) walk(e[[i]])
    }
    walk(body(f))
    seen
  }

  names_in <- function(f) {
    defaults <- unlist(lapply(as.list(formals(f)), function(d) if (is.language(d)) all.names(d)))
    unique(c(all.names(body(f)), defaults))
  }

  # All names a function uses, those of the script's own functions that it uses included.
  uses_of <- function(name, env) {
    found <- character()
    open <- name
    while (length(open)) {
      names <- names_in(env[[open[1L]]])
      new <- setdiff(names, found)
      found <- c(found, new)
      own <- new[vapply(new, function(n) is.function(env[[n]]) && !is.primitive(env[[n]]), NA)]
      open <- c(open[-1L], own)
    }
    found
  }

  # Functions that the script assigns at its top level, unless hidden by a leading dot.
  functions_of <- function(parsed, lines, env, found) {
    sources <- attr(parsed, "srcref")
    for (i in seq_along(parsed)) {
      e <- parsed[[i]]
      if (!is.call(e) || length(e) != 3L || !(identical(e[[1L]], quote(`<-`)) || identical(e[[1L]], quote(`=`)))) next
      name <- if (is.name(e[[2L]]) || is.character(e[[2L]])) as.character(e[[2L]]) else next
      if (startsWith(name, ".") || !is.function(env[[name]]) || is.primitive(env[[name]])) next
      formals <- as.list(formals(env[[name]]))
      seen <- look_into(env[[name]])
      doc <- lines_above(lines, sources[[i]][[1L]])
      # Only what declares something is held against it: a package has hundreds of functions.
      declares <- any(grepl("^\\s*@cache", doc))
      found[[name]] <- list(name = name, args = I(lapply(names(formals), function(n) argument(n, formals[[n]], seen))),
                            doc = paste(doc, collapse = "\n"), uses = I(if (declares) uses_of(name, env) else character()),
                            assigns = I(unique(setdiff(seen$outside, seen$set))))
    }
    found
  }

  # An error of a script says where in its source: R names the line of what it cannot parse, and of what it evaluates we know.
  at_line <- function(e, line, file) {
    named <- regmatches(conditionMessage(e), regexec("^<text>:([0-9]+):", conditionMessage(e)))[[1L]]
    attr(e, "dcp_line") <- if (length(named) == 2L) as.integer(named[2L]) else line
    if (nzchar(file)) {
      attr(e, "dcp_file") <- file
      e$message <- sub("^<text>", file, conditionMessage(e))
    }
    stop(e)
  }

  # What a script of a folder calls to find its data.
  data_of <- function(folder, names) function(name) {
    if (missing(name)) return(names)
    if (!is.character(name) || length(name) != 1L || !(name %in% names)) {
      there <- if (length(names)) paste0("; there are: ", paste(names, collapse = ", ")) else "; it has none"
      stop("the script has no data file ", deparse(name), there, call. = FALSE)
    }
    file.path(folder, name)
  }

  load <- function(version, files, texts, data_folder, data_names) {
    lines <- strsplit(texts, "\n", fixed = TRUE)
    line <- NULL
    file <- ""
    own <- new.env(parent = offered)
    own$dcp_data <- data_of(data_folder, data_names)
    lockEnvironment(own, bindings = TRUE)
    env <- new.env(parent = own)
    parsed <- vector("list", length(lines))
    tryCatch(for (f in seq_along(lines)) {
      file <- files[f]
      line <- NULL
      parsed[[f]] <- parse(text = lines[[f]], keep.source = TRUE, encoding = "UTF-8")
      for (i in seq_along(parsed[[f]])) {
        line <- attr(parsed[[f]], "srcref")[[i]][[1L]]
        eval(parsed[[f]][[i]], env)
      }
    }, error = function(e) at_line(e, line, file))
    found <- list()
    for (f in seq_along(lines)) found <- functions_of(parsed[[f]], lines[[f]], env, found)
    described <- list(functions = I(unname(found)), packages = packages())
    # A call that could change the script's own variables would change the next call.
    lockEnvironment(env, bindings = TRUE)
    scripts[[version]] <- env
    described
  }

  # An example as one call, whose value is that of its last expression.
  example <- function(code) as.call(c(list(quote(`{`)), as.list(parse(text = code, keep.source = FALSE))))

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
  list(run, load, function(version) scripts[[version]], describe, warm_up, example)
})
