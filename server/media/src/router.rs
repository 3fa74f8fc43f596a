// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Where a datagram belongs that the kernel gave to this thread: here, to another thread, or to a viewer that nobody has
//! adopted yet, whose checks any thread answers. Its tables are bounded and hold proved addresses only.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::Arc;

use fiera_sfu::api::Command;
use fiera_sfu::egress::{Egress, Path, Via};
use fiera_sfu::engine::{Sfu, ThreadId};
use fiera_sfu::transport::dtls::DtlsIdentity;
use fiera_sfu::transport::ice::{self, Claim as StunClaim};

use crate::director::{Answer, Claim, Director};

/// Addresses remembered in each half of a table; the older half is forgotten when the younger one is full.
const REMEMBERED_MAX: usize = 4_096;

/// The peer's end of a path.
type End = (Via, SocketAddr);

/// A table that forgets what was not used for long.
struct Aging<V> {
    young: HashMap<End, V>,
    old: HashMap<End, V>,
}

impl<V> Aging<V> {
    fn new() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    fn insert(&mut self, key: End, value: V) {
        self.old.remove(&key);
        if self.young.len() >= REMEMBERED_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn get(&mut self, key: &End) -> Option<&V>
    where
        End: Hash,
    {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key)?;
            self.insert(*key, value);
        }
        self.young.get(key)
    }

    fn remove(&mut self, key: &End) -> Option<V> {
        let young = self.young.remove(key);
        let old = self.old.remove(key);
        young.or(old)
    }
}

/// A proved check for a viewer that nobody has adopted.
struct Checked {
    ufrag: String,
    path: Path,
    check: Box<[u8]>,
}

/// Where a datagram goes.
pub(crate) enum Route {
    /// To the core of this thread.
    Here,
    /// To another thread.
    To(ThreadId),
    /// To this thread, which has just adopted its viewer: first these commands, then the check that came before.
    Adopted(Vec<Command>, Path, Box<[u8]>),
    /// To another thread that was faster, with the check that came before.
    Lost(ThreadId, Path, Box<[u8]>),
    /// Nowhere: it was answered.
    Answered,
}

/// One thread's view of the others' connections.
pub(crate) struct Router {
    thread: ThreadId,
    director: Arc<Director>,
    identity: Arc<DtlsIdentity>,
    foreign: Aging<ThreadId>,
    checked: Aging<Checked>,
}

impl Router {
    pub(crate) fn new(thread: ThreadId, director: Arc<Director>, identity: Arc<DtlsIdentity>) -> Self {
        Self {
            thread,
            director,
            identity,
            foreign: Aging::new(),
            checked: Aging::new(),
        }
    }

    /// Decides for a datagram. What it answers itself is written into `egress`.
    pub(crate) fn route(&mut self, sfu: &mut Sfu, path: Path, datagram: &[u8], egress: &mut Egress) -> Route {
        if let [0..=3, ..] = datagram {
            return match ice::claim(datagram) {
                Ok(StunClaim::Request { local_ufrag }) if sfu.knows_ufrag(local_ufrag) => Route::Here,
                Ok(StunClaim::Request { local_ufrag }) => self.check(sfu, path, local_ufrag, datagram, egress),
                Ok(StunClaim::Response { .. }) => self.elsewhere(sfu, &path),
                Err(_) => Route::Here,
            };
        }
        if let [20..=63, ..] = datagram
            && !sfu.knows(&path)
            && self.checked.get(&path.end()).is_some()
        {
            return self.adopt(&path.end());
        }
        self.elsewhere(sfu, &path)
    }

    /// What comes from there is another thread's.
    pub(crate) fn note(&mut self, end: End, owner: ThreadId) {
        self.foreign.insert(end, owner);
    }

    fn elsewhere(&mut self, sfu: &Sfu, path: &Path) -> Route {
        if sfu.knows(path) {
            return Route::Here;
        }
        self.foreign
            .get(&path.end())
            .map_or(Route::Here, |owner| Route::To(*owner))
    }

    /// A binding request for a connection that is not here.
    fn check(&mut self, sfu: &mut Sfu, path: Path, ufrag: &str, datagram: &[u8], egress: &mut Egress) -> Route {
        let end = path.end();
        let Some(answer) = self.director.answer_for(ufrag) else {
            return Route::Here;
        };
        let crypto = self.identity.provider().crypto();
        match answer {
            // The command that adds it is on its way.
            Answer::Owner(owner, _) if owner == self.thread => Route::Here,
            Answer::Owner(owner, password) => {
                // Only what is proved may say where an address belongs: a forged check must not lead media astray.
                let is_news = self.foreign.get(&end) != Some(&owner) || sfu.knows(&path);
                if is_news && ice::prove_request(datagram, &password, crypto).is_ok() {
                    // A connection here may have had this address before.
                    sfu.forget_path(&path);
                    self.checked.remove(&end);
                    self.foreign.insert(end, owner);
                }
                Route::To(owner)
            }
            Answer::Unclaimed(password, we_begin) => {
                let Ok(proved) = ice::prove_request(datagram, &password, crypto) else {
                    return Route::Here;
                };
                sfu.forget_path(&path);
                self.foreign.remove(&end);
                let check = Checked {
                    ufrag: ufrag.to_owned(),
                    path,
                    check: datagram.into(),
                };
                self.checked.insert(end, check);
                if we_begin && proved.use_candidate {
                    return self.adopt(&end);
                }
                if let Some(answer) = ice::success(proved.transaction, path.remote, &password, crypto) {
                    egress.push(path, &answer);
                }
                Route::Answered
            }
        }
    }

    /// The first handshake message of a viewer that nobody has, or that somebody was faster to adopt.
    fn adopt(&mut self, end: &End) -> Route {
        let Some(Checked { ufrag, path, check }) = self.checked.remove(end) else {
            return Route::Here;
        };
        match self.director.claim(&ufrag, self.thread) {
            Claim::Mine(commands) => Route::Adopted(commands, path, check),
            Claim::Owner(owner) if owner == self.thread => Route::Adopted(Vec::new(), path, check),
            Claim::Owner(owner) => {
                self.foreign.insert(*end, owner);
                Route::Lost(owner, path, check)
            }
            Claim::Gone => Route::Here,
        }
    }
}
