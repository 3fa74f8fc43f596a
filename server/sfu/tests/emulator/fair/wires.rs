// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is under way in a run: datagrams between peers and server, each on the link of its peer.

use std::net::SocketAddr;

use fiera_sfu::egress::{Path, Via};

use super::{Fair, Flight, Metered, SERVER, Who};
use crate::net::link::LinkSpec;

impl Fair {
    /// Changes a viewer's links.
    pub(crate) fn viewer_links(&mut self, viewer: usize, up: LinkSpec, down: LinkSpec) {
        let links = self
            .links
            .get_mut(&self.viewers[viewer].peer)
            .expect("a peer has links");
        (links.up.spec, links.down.spec) = (up, down);
    }

    /// Changes a publisher's links.
    pub(crate) fn publisher_links(&mut self, publisher: usize, up: LinkSpec, down: LinkSpec) {
        let links = self
            .links
            .get_mut(&self.publishers[publisher].peer)
            .expect("a peer has links");
        (links.up.spec, links.down.spec) = (up, down);
    }

    /// Moves a viewer to another address; what goes to the old one is astray from now on.
    pub(crate) fn move_viewer(&mut self, viewer: usize, address: SocketAddr) {
        let endpoint = &mut self.viewers[viewer].endpoint;
        self.homes.remove(&endpoint.address);
        endpoint.move_to(address);
        self.homes.insert(address, Who::Viewer(viewer));
    }

    /// A datagram that somebody sends to the server from any address.
    pub(crate) fn inject(&mut self, from: SocketAddr, datagram: Vec<u8>) {
        self.fly(
            self.now_us,
            Flight {
                to: None,
                from,
                datagram,
            },
        );
    }

    fn fly(&mut self, at_us: u64, flight: Flight) {
        self.flown += 1;
        self.flights.insert((at_us, self.flown), flight);
    }

    pub(super) fn deliver(&mut self, flight: &Flight) {
        let (now, now_us) = (self.now(), self.now_us);
        match flight.to {
            None => {
                let path = Path {
                    via: Via::Udp,
                    local: Some(SERVER),
                    remote: flight.from,
                };
                let place = self.owner_of(flight.from, &flight.datagram);
                let publishes = matches!(self.homes.get(&flight.from), Some(Who::Publisher(_)));
                if publishes {
                    (self.meter)(Metered::Ingest, true);
                }
                self.threads[place].handle_datagram(now, path, &flight.datagram, &mut self.egress);
                if publishes {
                    (self.meter)(Metered::Ingest, false);
                }
                self.flush();
                self.deliver_mail();
            }
            Some(Who::Publisher(place)) => self.publishers[place].handle(now, &flight.datagram),
            Some(Who::Viewer(place)) => self.viewers[place].handle(now, now_us, &flight.datagram),
        }
    }

    /// Puts what the peers sent on their links.
    pub(super) fn collect(&mut self) {
        let mut sent = Vec::new();
        let publishers = self.publishers.iter_mut().map(|p| (p.peer, &mut p.endpoint));
        let viewers = self.viewers.iter_mut().map(|v| (v.peer, &mut v.endpoint));
        for (peer, endpoint) in publishers.chain(viewers) {
            let from = endpoint.address;
            sent.extend(endpoint.out.drain(..).map(|datagram| (peer, from, datagram)));
        }
        for (peer, from, datagram) in sent {
            let links = self.links.get_mut(&peer).expect("a peer has links");
            for at_us in links.up.offer(self.now_us, datagram.len()).into_iter().flatten() {
                self.fly(
                    at_us,
                    Flight {
                        to: None,
                        from,
                        datagram: datagram.clone(),
                    },
                );
            }
        }
    }

    /// Puts what the server sent on the links of those who are there.
    pub(super) fn flush(&mut self) {
        if self.egress.is_empty() {
            return;
        }
        for (path, datagram) in self.wire.drain(self.now_us, &mut self.egress) {
            assert_eq!(
                path.local,
                Some(SERVER),
                "replies leave from the address that they came to"
            );
            let Some(who) = self.homes.get(&path.remote).copied() else {
                self.astray.push((self.now_us, path.remote, datagram));
                continue;
            };
            let peer = match who {
                Who::Publisher(place) => self.publishers[place].peer,
                Who::Viewer(place) => self.viewers[place].peer,
            };
            let links = self.links.get_mut(&peer).expect("a peer has links");
            for at_us in links.down.offer(self.now_us, datagram.len()).into_iter().flatten() {
                self.fly(
                    at_us,
                    Flight {
                        to: Some(who),
                        from: path.remote,
                        datagram: datagram.clone(),
                    },
                );
            }
        }
    }
}
