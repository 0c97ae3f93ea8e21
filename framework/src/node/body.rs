//! The bodies that pass the edge: whole ones, and streams handed through without being collected.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::pool::{Connection, Pool};

/// What goes wrong while a body passes.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body of a request to a module or of an answer of the edge.
pub(crate) enum Body {
    /// Known whole.
    Whole(Option<Bytes>),
    /// A caller's body on its way to a module, with what is left of its limit.
    Request(Incoming, u64),
    /// A module's body on its way to the caller.
    Answer(Answer),
    /// Made by the edge itself, piece by piece.
    Stream(BoxStream<'static, Bytes>),
}

/// An answer of a module; its connection is kept when it has been read to the end.
pub(crate) struct Answer {
    pub(crate) incoming: Incoming,
    pub(crate) connection: Option<(Connection, Arc<Pool>)>,
    /// Ends an endless answer (server-sent events) when the node stops.
    pub(crate) until: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

/// A caller sent more than the edge lets pass.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than the edge lets pass")]
pub(crate) struct TooLarge;

impl Body {
    pub(crate) fn empty() -> Self {
        Self::Whole(None)
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        Self::Whole((!bytes.is_empty()).then_some(bytes))
    }
}

impl Answer {
    fn keep_when_read(&mut self) {
        if hyper::body::Body::is_end_stream(&self.incoming)
            && let Some((connection, pool)) = self.connection.take()
        {
            pool.keep(connection);
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(until) = &mut self.until
            && until.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(None);
        }
        let frame = hyper::body::Body::poll_frame(Pin::new(&mut self.incoming), context);
        match &frame {
            Poll::Ready(None) => {
                if let Some((connection, pool)) = self.connection.take() {
                    pool.keep(connection);
                }
            }
            Poll::Ready(Some(Ok(_))) => self.keep_when_read(),
            Poll::Ready(Some(Err(_))) => self.connection = None,
            Poll::Pending => {}
        }
        frame.map_err(Into::into)
    }

    pub(crate) fn into_body(mut self) -> Body {
        self.keep_when_read();
        Body::Answer(self)
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Answer(answer) => answer.poll(context),
            Self::Stream(stream) => stream
                .poll_next_unpin(context)
                .map(|next| next.map(|bytes| Ok(Frame::data(bytes)))),
            Self::Request(incoming, left) => {
                let frame =
                    std::task::ready!(hyper::body::Body::poll_frame(Pin::new(incoming), context));
                if let Some(Ok(frame)) = &frame {
                    let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                    let Some(rest) = left.checked_sub(length) else {
                        return Poll::Ready(Some(Err(TooLarge.into())));
                    };
                    *left = rest;
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Request(incoming, _) => incoming.is_end_stream(),
            Self::Answer(answer) => answer.incoming.is_end_stream(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Request(incoming, _) => incoming.size_hint(),
            Self::Answer(answer) => answer.incoming.size_hint(),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Body::Whole",
            Self::Request(..) => "Body::Request",
            Self::Answer(_) => "Body::Answer",
            Self::Stream(_) => "Body::Stream",
        })
    }
}
