//! How the procedures of a database are called: in a transaction, in one of their own, or only to read.

use super::engine::Engine;
use super::{Direct, Rows, Store, StoreError, Tx, Value};
use crate::bus::pause::in_outage;
use crate::limits::DEADLOCK_ATTEMPTS;
use crate::telemetry::{Span, SpanKind};

impl Store {
    /// Begins a transaction; on SQLite its first call takes the lock. Until `commit`, dropping it undoes everything.
    pub async fn begin(&self) -> Result<Tx<'_>, StoreError> {
        Ok(Tx::new(self, self.present().begin().await?))
    }

    /// Runs `work` in a transaction and commits it if it succeeds.
    pub async fn tx<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
    {
        let mut tx = self.begin().await?;
        let done = work(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// The same for work that may be done again from its beginning: it is, when the database has undone it to end a deadlock.
    pub async fn tx_repeatable<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: AsyncFn(&mut Tx<'_>) -> Result<T, E>,
    {
        let mut attempt = 1;
        loop {
            let mut tx = self.begin().await?;
            let undone = match work(&mut tx).await {
                Ok(done) => match tx.commit().await {
                    Err(StoreError::Deadlock) => StoreError::Deadlock.into(),
                    committed => return committed.map(|()| done).map_err(E::from),
                },
                Err(error) if tx.was_deadlocked() => error,
                Err(error) => return Err(error),
            };
            if attempt == DEADLOCK_ATTEMPTS {
                return Err(undone);
            }
            self.after_deadlock(attempt).await;
            attempt += 1;
        }
    }

    /// Who has lost once begins a moment later than who has won.
    async fn after_deadlock(&self, attempt: u32) {
        tracing::debug!(
            attempt,
            "a transaction was undone to end a deadlock; it is done again"
        );
        self.inner.clock.sleep(in_outage(attempt)).await;
    }

    /// Calls one procedure in a transaction of its own; again when the database has undone it to end a deadlock.
    pub async fn write(&self, procedure: &str, values: Vec<Value>) -> Result<Rows, StoreError> {
        self.write_all(vec![(procedure, values)]).await
    }

    /// Calls procedures in one transaction, likewise; the rows of the last are the answer.
    pub(crate) async fn write_all(
        &self,
        calls: Vec<(&str, Vec<Value>)>,
    ) -> Result<Rows, StoreError> {
        // SQLite has one writer, and so no deadlock: it does them in one piece and needs no second copy of the values.
        if let Engine::Sqlite(engine) = &*self.present() {
            let names: Vec<&str> = calls.iter().map(|(procedure, _)| *procedure).collect();
            let mut span = self.calling(&names.join(", "));
            let calls = calls.into_iter();
            let calls = calls.map(|(procedure, values)| (procedure.to_owned(), values));
            let rows = span.run(engine.write(calls.collect())).await;
            if let Err(error) = &rows {
                span.fail(error.kind());
            }
            return rows;
        }
        let mut attempt = 1;
        loop {
            match self.attempt(&calls).await {
                Err(StoreError::Deadlock) if attempt < DEADLOCK_ATTEMPTS => {}
                done => return done,
            }
            self.after_deadlock(attempt).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, calls: &[(&str, Vec<Value>)]) -> Result<Rows, StoreError> {
        let mut tx = self.begin().await?;
        let mut rows = Rows::default();
        for (procedure, values) in calls {
            rows = tx.call(procedure, values.clone()).await?;
        }
        tx.commit().await?;
        Ok(rows)
    }

    /// Does `work` on the thread that writes to a file of SQLite, in one piece.
    pub(crate) async fn directly<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Direct<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        match &*self.present() {
            Engine::Sqlite(engine) => engine.directly(work).await,
            Engine::SqlServer(_) => Err(StoreError::Address),
        }
    }

    /// Calls a procedure that only reads, beside the writing transaction.
    pub async fn read(&self, procedure: &str, values: Vec<Value>) -> Result<Rows, StoreError> {
        let mut span = self.calling(procedure);
        let rows = span.run(self.present().read(procedure, values)).await;
        if let Err(error) = &rows {
            span.fail(error.kind());
        }
        rows
    }

    /// The call of a procedure as a step of the present trace.
    pub(super) fn calling(&self, procedure: &str) -> Span {
        let mut span = Span::within(SpanKind::Client, || procedure.to_owned());
        if span.is_recorded() {
            span.set("db.system.name", self.present().system());
            span.set("db.namespace", self.inner.module.clone());
            span.set("db.stored_procedure.name", procedure.to_owned());
        }
        span
    }
}
