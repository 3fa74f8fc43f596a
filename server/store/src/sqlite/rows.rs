// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is written and read, in SQL. Every function works inside the transaction of its caller.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::PROBE_BYTES;
use super::job::Traces;
use super::schema::SHIELD_BYTES;
use crate::{Batch, Fact, Kept, Lease, Snapshot, StoreError, StoredFact};

type Stored<T> = Result<T, rusqlite::Error>;

/// SQLite's integers end where ours are half full; no sequence, fence or clock comes there.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn execute(file: &Connection, sql: &str, values: impl rusqlite::Params) -> Stored<usize> {
    file.prepare_cached(sql)?.execute(values)
}

fn one<T>(
    file: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> Stored<T>,
) -> Stored<Option<T>> {
    file.prepare_cached(sql)?.query_row(values, read).optional()
}

fn collect<T, C: FromIterator<T>>(
    file: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> Stored<T>,
) -> Stored<C> {
    file.prepare_cached(sql)?.query_map(values, read)?.collect()
}

fn find_event(file: &Connection, name: &str) -> Stored<Option<i64>> {
    one(file, "SELECT event FROM events WHERE name = ?1", [name], |row| {
        row.get(0)
    })
}

fn find_or_make_event(file: &Connection, name: &str) -> Stored<i64> {
    if let Some(event) = find_event(file, name)? {
        return Ok(event);
    }
    execute(file, "INSERT INTO events (name) VALUES (?1)", [name])?;
    Ok(file.last_insert_rowid())
}

fn last_seq(file: &Connection, event: i64) -> Stored<u64> {
    let sql = "SELECT seq FROM facts WHERE event = ?1 ORDER BY seq DESC LIMIT 1";
    Ok(one(file, sql, [event], |row| row.get(0))?.map_or(0, uint))
}

/// See [`crate::Store::commit`].
pub(super) fn commit(
    file: &Connection,
    event: &str,
    expected: u64,
    batch: &Batch,
) -> Result<(u64, Traces), StoreError> {
    let known = find_event(file, event)?;
    let actual = known.map_or(Ok(0), |event| last_seq(file, event))?;
    if actual != expected {
        return Err(StoreError::Conflict { expected, actual });
    }
    if batch.is_empty() {
        return Ok((actual, Traces::None));
    }
    let event = known.map_or_else(|| find_or_make_event(file, event), Ok)?;
    let mut seq = actual;
    for fact in &batch.facts {
        seq += 1;
        let sql = "INSERT INTO facts (event, seq, version, body) VALUES (?1, ?2, ?3, ?4)";
        execute(file, sql, params![event, int(seq), fact.version, fact.body])?;
    }
    let texts = put_texts(file, event, &batch.texts)?;
    let working = put_working(file, event, batch)?;
    let traces = match (texts, working) {
        (Traces::Now, _) | (_, Traces::Now) => Traces::Now,
        (Traces::Later, _) | (_, Traces::Later) => Traces::Later,
        _ => Traces::None,
    };
    if traces == Traces::Now {
        // A snapshot may hold what is erased, and may be thrown away at any time.
        execute(file, "DELETE FROM snapshots WHERE event = ?1", [event])?;
    }
    Ok((seq, traces))
}

fn put_texts(file: &Connection, event: i64, texts: &[(u128, Option<Vec<u8>>)]) -> Stored<Traces> {
    let mut traces = Traces::None;
    for (id, body) in texts {
        let id = id.to_be_bytes();
        let Some(body) = body else {
            execute(
                file,
                "DELETE FROM texts WHERE event = ?1 AND id = ?2",
                params![event, id],
            )?;
            // Also where it was not there: an erasure that was asked before may not have left the journal.
            traces = Traces::Now;
            continue;
        };
        let update = "UPDATE texts SET body = ?3 WHERE event = ?1 AND id = ?2";
        if execute(file, update, params![event, id, body])? > 0 {
            if traces == Traces::None {
                traces = Traces::Later;
            }
            continue;
        }
        let insert = "INSERT INTO texts (event, id, shield, body) VALUES (?1, ?2, zeroblob(?3), ?4)";
        execute(file, insert, params![event, id, SHIELD_BYTES, body])?;
    }
    Ok(traces)
}

fn put_working(file: &Connection, event: i64, batch: &Batch) -> Stored<Traces> {
    if batch.wipe_working {
        execute(file, "DELETE FROM working WHERE event = ?1", [event])?;
    }
    for (name, value) in &batch.working {
        let Some(value) = value else {
            let sql = "DELETE FROM working WHERE event = ?1 AND name = ?2";
            execute(file, sql, params![event, name])?;
            continue;
        };
        let sql = "INSERT INTO working (event, name, shield, value) VALUES (?1, ?2, zeroblob(?3), ?4) \
                   ON CONFLICT (event, name) DO UPDATE SET value = excluded.value";
        execute(file, sql, params![event, name, SHIELD_BYTES, value])?;
    }
    Ok(match (batch.wipe_working, batch.working.is_empty()) {
        (true, _) => Traces::Now,
        (false, false) => Traces::Later,
        (false, true) => Traces::None,
    })
}

/// See [`crate::Store::load`].
pub(super) fn load(file: &Connection, event: &str) -> Stored<Kept> {
    let Some(event) = find_event(file, event)? else {
        return Ok(Kept::default());
    };
    let fact = |row: &Row<'_>| {
        Ok(StoredFact {
            seq: uint(row.get(0)?),
            fact: Fact {
                version: row.get(1)?,
                body: row.get(2)?,
            },
        })
    };
    let facts = "SELECT seq, version, body FROM facts WHERE event = ?1 ORDER BY seq";
    let texts = "SELECT id, body FROM texts WHERE event = ?1";
    let working = "SELECT name, value FROM working WHERE event = ?1";
    Ok(Kept {
        facts: collect(file, facts, [event], fact)?,
        texts: collect(file, texts, [event], |row| {
            Ok((u128::from_be_bytes(row.get(0)?), row.get(1)?))
        })?,
        working: collect(file, working, [event], |row| Ok((row.get(0)?, row.get(1)?)))?,
    })
}

/// See [`crate::Store::setups`].
pub(super) fn setups(file: &Connection) -> Stored<BTreeMap<String, Vec<u8>>> {
    let sql = "SELECT name, setup FROM events WHERE setup IS NOT NULL";
    collect(file, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// See [`crate::Store::save_setup`].
pub(super) fn save_setup(file: &Connection, event: &str, setup: &[u8]) -> Stored<()> {
    let sql = "INSERT INTO events (name, setup) VALUES (?1, ?2) \
               ON CONFLICT (name) DO UPDATE SET setup = excluded.setup";
    execute(file, sql, params![event, setup]).map(drop)
}

/// See [`crate::Store::save_snapshot`].
pub(super) fn save_snapshot(file: &Connection, event: &str, snapshot: &Snapshot) -> Stored<()> {
    let event = find_or_make_event(file, event)?;
    let sql = "INSERT INTO snapshots (event, seq, version, shield, body) VALUES (?1, ?2, ?3, zeroblob(?4), ?5) \
               ON CONFLICT (event) DO UPDATE SET seq = excluded.seq, version = excluded.version, body = excluded.body \
               WHERE seq <= excluded.seq";
    let values = params![event, int(snapshot.seq), snapshot.version, SHIELD_BYTES, snapshot.body];
    execute(file, sql, values).map(drop)
}

/// See [`crate::Store::snapshot`].
pub(super) fn snapshot(file: &Connection, event: &str) -> Stored<Option<Snapshot>> {
    let sql = "SELECT seq, version, body FROM snapshots JOIN events USING (event) WHERE name = ?1";
    one(file, sql, [event], |row| {
        Ok(Snapshot {
            seq: uint(row.get(0)?),
            version: row.get(1)?,
            body: row.get(2)?,
        })
    })
}

/// See [`crate::Store::lease`].
pub(super) fn lease(
    file: &Connection,
    event: &str,
    holder: &str,
    now_unix_ms: u64,
    ttl_ms: u64,
) -> Result<Lease, StoreError> {
    let event = find_or_make_event(file, event)?;
    let sql = "SELECT holder = ?2, fence, until_unix_ms FROM leases WHERE event = ?1";
    let last = one(file, sql, params![event, holder], |row| {
        let lease = Lease {
            fence: uint(row.get(1)?),
            until_unix_ms: uint(row.get(2)?),
        };
        Ok((row.get::<_, bool>(0)?, lease))
    })?;
    let fence = match last {
        Some((false, lease)) if lease.until_unix_ms > now_unix_ms => {
            return Err(StoreError::Leased {
                until_unix_ms: lease.until_unix_ms,
            });
        }
        Some((ours, lease)) => lease.fence + u64::from(!ours),
        None => 1,
    };
    let until_unix_ms = now_unix_ms.saturating_add(ttl_ms);
    let sql = "INSERT INTO leases (event, holder, fence, until_unix_ms) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (event) DO UPDATE SET \
               holder = excluded.holder, fence = excluded.fence, until_unix_ms = excluded.until_unix_ms";
    execute(file, sql, params![event, holder, int(fence), int(until_unix_ms)])?;
    Ok(Lease { fence, until_unix_ms })
}

/// Ends all leases: who held them served the same folder and is gone. Fences go on growing.
pub(super) fn end_leases(file: &Connection) -> Stored<()> {
    let sql = "UPDATE leases SET holder = '', until_unix_ms = 0 WHERE until_unix_ms > 0";
    execute(file, sql, []).map(drop)
}

/// The first half of a probe: something of [`PROBE_BYTES`].
pub(super) fn fill_probe(file: &Connection) -> Stored<()> {
    let sql = "INSERT OR REPLACE INTO probe (id, body) VALUES (1, zeroblob(?1))";
    execute(file, sql, [PROBE_BYTES]).map(drop)
}

/// The second half of a probe: it is gone again.
pub(super) fn clear_probe(file: &Connection) -> Result<(), StoreError> {
    execute(file, "DELETE FROM probe", [])?;
    Ok(())
}
