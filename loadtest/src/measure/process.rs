// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! CPU time, memory, threads and context switches of a process, out of `/proc` (proc(5)).

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::sys::ticks_per_second;

/// A reading of a process.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// User and system time so far, microseconds.
    pub cpu_us: u64,
    /// Resident memory, kB.
    pub rss_kb: u64,
    /// Context switches of all threads that it gave up the core in, so far.
    pub switches_voluntary: u64,
    /// Those in which the core was taken from it.
    pub switches_forced: u64,
    /// CPU time by thread name, microseconds; threads of one name are added up.
    pub threads_us: BTreeMap<String, u64>,
}

/// Reads a process; one thread's exit loses no CPU time, the kernel adds it to the process.
///
/// # Errors
/// When the process is gone.
pub fn read(pid: u32) -> Result<Reading> {
    let gone = || format!("process {pid} of --server-pid");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).with_context(gone)?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).with_context(gone)?;
    let mut reading = Reading {
        cpu_us: cpu_us(&stat).context("/proc/PID/stat")?,
        rss_kb: number_of(&status, "VmRSS:").context("/proc/PID/status")?,
        ..Reading::default()
    };
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).with_context(gone)? {
        let path = task.with_context(gone)?.path();
        // A thread may end between the listing and the reading.
        let (Ok(stat), Ok(status)) = (
            std::fs::read_to_string(path.join("stat")),
            std::fs::read_to_string(path.join("status")),
        ) else {
            continue;
        };
        reading.switches_voluntary += number_of(&status, "voluntary_ctxt_switches:").unwrap_or(0);
        reading.switches_forced += number_of(&status, "nonvoluntary_ctxt_switches:").unwrap_or(0);
        if let (Some(name), Some(us)) = (name_of(&stat), cpu_us(&stat)) {
            *reading.threads_us.entry(name).or_default() += us;
        }
    }
    Ok(reading)
}

/// CPU time that all programs of this machine have used so far, microseconds.
///
/// # Errors
/// When `/proc` is not there.
pub fn machine_cpu_us() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/stat").context("/proc/stat")?;
    busy_us(&stat).context("/proc/stat")
}

fn busy_us(stat: &str) -> Option<u64> {
    let numbers = stat.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace();
    // user nice system idle iowait irq softirq steal; guest time is within user time.
    let ticks: Vec<u64> = numbers.take(8).map_while(|n| n.parse().ok()).collect();
    let idle = ticks.get(3)? + ticks.get(4)?;
    Some((ticks.iter().sum::<u64>() - idle) * 1_000_000 / ticks_per_second())
}

fn name_of(stat: &str) -> Option<String> {
    let (_, rest) = stat.split_once('(')?;
    Some(rest.rsplit_once(')')?.0.to_owned())
}

fn cpu_us(stat: &str) -> Option<u64> {
    // The second field, the command, may hold spaces and brackets; the numbers begin behind the last bracket.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks * 1_000_000 / ticks_per_second())
}

fn number_of(status: &str, key: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(key))?;
    value.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives up the core once: nothing arrives, so the kernel must put this thread to sleep.
    fn switch_voluntarily() {
        let (socket, _silent) = std::os::unix::net::UnixDatagram::pair().unwrap();
        socket
            .set_read_timeout(Some(std::time::Duration::from_millis(1)))
            .unwrap();
        assert!(socket.recv(&mut [0]).is_err());
    }

    #[test]
    fn own_process_is_readable() {
        switch_voluntarily();
        let reading = read(std::process::id()).unwrap();
        assert!(reading.rss_kb > 500);
        assert!(reading.switches_voluntary > 0 && !reading.threads_us.is_empty());
        assert!(read(u32::MAX).is_err());
        assert!(machine_cpu_us().unwrap() >= reading.cpu_us);
    }

    #[test]
    fn fields_are_found_behind_odd_names() {
        let stat = "1 (a) b) S 1 1 1 0 -1 0 0 0 0 0 7 5 0 0";
        assert_eq!(cpu_us(stat), Some(12 * 1_000_000 / ticks_per_second()));
        assert_eq!(name_of(stat).as_deref(), Some("a) b"));
        assert_eq!(
            busy_us("cpu  1 2 3 4 5 6 7 8 9 10\n"),
            Some(27 * 1_000_000 / ticks_per_second())
        );
        let status = "VmRSS:\t  1234 kB\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n";
        assert_eq!(number_of(status, "VmRSS:"), Some(1_234));
        assert_eq!(number_of(status, "voluntary_ctxt_switches:"), Some(7));
        assert_eq!(number_of(status, "nonvoluntary_ctxt_switches:"), Some(9));
    }
}
