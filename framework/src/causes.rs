//! What lies behind an error.

/// An error and what caused it, outermost first.
pub(crate) fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// An error with its causes in one line, for a field of the log: an error given as it is loses its causes where logs are JSON.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_of_an_error_stand_behind_it() {
        let inner = std::io::Error::other("the disk is gone");
        let outer = crate::store::StoreError::Unavailable(Box::new(inner));
        assert_eq!(chain(&outer), format!("{outer}: the disk is gone"));
    }
}
