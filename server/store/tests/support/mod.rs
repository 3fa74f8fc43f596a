// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the tests of the embedded store share: folders of their own, and waiting for an answer without an executor.
#![allow(dead_code, reason = "every test program uses a part")]

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use fiera_store::sqlite::{Access, SqliteStore};
use fiera_store::{Batch, Fact, Store};

/// Longer than anything takes; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(value) = answer.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        std::thread::park();
    }
}

/// A folder that is gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn serve(&self) -> SqliteStore {
        SqliteStore::open(&self.0, Access::Serve).unwrap()
    }

    /// Whether any file in the folder holds these bytes.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let holds = |file: fs::DirEntry| {
            let found = fs::read(file.path()).unwrap();
            found.windows(bytes.len()).any(|window| window == bytes)
        };
        fs::read_dir(&self.0).unwrap().any(|file| holds(file.unwrap()))
    }
}

/// Waits until what was erased has left the files.
pub(crate) fn cleared(store: &SqliteStore) {
    while let Some(waited) = store.erased_waits() {
        assert!(waited < PATIENCE, "erased text stays in the journal");
        std::thread::yield_now();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A fact of a test.
pub(crate) fn fact(text: &str) -> Fact {
    Fact {
        version: 1,
        body: text.as_bytes().to_vec(),
    }
}

/// A batch of one fact.
pub(crate) fn one_fact(text: &str) -> Batch {
    Batch {
        facts: vec![fact(text)],
        ..Batch::default()
    }
}

/// Numbers that look random, from a seed.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(crate) fn id(&mut self) -> u128 {
        (u128::from(self.below(u64::MAX)) << 64) | u128::from(self.below(u64::MAX))
    }
}
