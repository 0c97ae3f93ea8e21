//! From the body of an answer to what it says: at once, or while it arrives.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::PiError;
use super::answer::Completeness;
use super::arriving::Arriving;
use super::series::Series;
use crate::limits;

/// How the body of a success about something becomes an answer.
pub(super) type Reader<T> = fn(Response, String) -> BoxFuture<'static, Result<T, PiError>>;

/// An answer that is read when all of it is there.
pub(super) fn whole<T>(response: Response, what: String) -> BoxFuture<'static, Result<T, PiError>>
where
    T: DeserializeOwned + Send + 'static,
{
    Box::pin(async move { parse(body(response, &what).await?, &what).await })
}

/// Series that are read while they arrive.
pub(super) fn columns(
    mut response: Response,
    what: String,
) -> BoxFuture<'static, Result<Vec<Series>, PiError>> {
    Box::pin(async move {
        let (mut arriving, mut arrived) = (Arriving::new(&what), 0);
        while let Some(chunk) = chunk(&mut response, &what, arrived).await? {
            arrived += chunk.len();
            arriving.take(&chunk)?;
        }
        arriving.finish()
    })
}

/// All bytes of an answer.
pub(super) async fn body(mut response: Response, what: &str) -> Result<Vec<u8>, PiError> {
    let mut body = Vec::new();
    while let Some(chunk) = chunk(&mut response, what, body.len()).await? {
        if body.len() + chunk.len() > limits::PI_ANSWER_BYTES {
            return Err(PiError::TooLarge(limits::PI_ANSWER_BYTES));
        }
        body.extend_from_slice(&chunk);
    }
    // A success that has nothing to say.
    if response.status() == StatusCode::NO_CONTENT {
        return Ok(b"null".to_vec());
    }
    Ok(body)
}

/// The next bytes of an answer of which so many have arrived.
async fn chunk(
    response: &mut Response,
    what: &str,
    arrived: usize,
) -> Result<Option<Bytes>, PiError> {
    response.chunk().await.map_err(|error| {
        if error.is_timeout() {
            PiError::Slow(limits::PI_REQUEST)
        } else {
            PiError::Interrupted(format!(
                "{what}: the connection broke off after {arrived} bytes"
            ))
        }
    })
}

async fn parse<T: DeserializeOwned + Send + 'static>(
    body: Vec<u8>,
    what: &str,
) -> Result<T, PiError> {
    if body.len() < limits::PI_PARSE_INLINE {
        return read(&body, what);
    }
    let what = what.to_owned();
    let reading = tokio::task::spawn_blocking(move || read(&body, &what));
    reading
        .await
        .map_err(|error| PiError::Interrupted(error.to_string()))?
}

/// Reads an answer; what is wrong with it is told with the place where it is.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, PiError> {
    // A second look costs as much as the first: only where the word occurs at all.
    if body.windows(14).any(|part| part == b"\"WebException\"")
        && let Ok(Completeness {
            web_exception: Some(exception),
        }) = serde_json::from_slice(body)
    {
        return Err(PiError::Interrupted(format!(
            "{what}: {}",
            exception.describe()
        )));
    }
    serde_json::from_slice(body).map_err(|error| unread::<T>(body, what, &error))
}

/// An answer that cannot be read: of what, at which place, why. The second look is for the place alone.
fn unread<T: DeserializeOwned>(body: &[u8], what: &str, error: &serde_json::Error) -> PiError {
    // A number that ends before a digit is for the parser not cut, but invalid.
    let cut = matches!(body.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'));
    if error.is_eof() || (error.is_syntax() && cut) {
        return PiError::Interrupted(format!("{what}: {error}"));
    }
    let mut input = serde_json::Deserializer::from_slice(body);
    let place = serde_path_to_error::deserialize::<_, T>(&mut input)
        .err()
        .map(|error| error.path().to_string())
        .filter(|place| place != ".");
    let text = match place {
        Some(place) => format!("{what}, at {place}: {error}"),
        None => format!("{what}: {error}"),
    };
    PiError::Unreadable(serde::de::Error::custom(text))
}
