// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! CPU time and memory of another process, from `/proc`.

use anyhow::{Context, Result};

use crate::sys::ticks_per_second;

/// A reading of a process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// User and system time so far, microseconds.
    pub cpu_us: u64,
    /// Resident memory, kB.
    pub rss_kb: u64,
}

/// Reads both; one thread's exit loses no time, the kernel adds it to the process.
///
/// # Errors
/// When the process is gone.
pub fn read(pid: u32) -> Result<Reading> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} of --server-pid"))?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} of --server-pid"))?;
    Ok(Reading {
        cpu_us: cpu_us(&stat).context("/proc/PID/stat")?,
        rss_kb: rss_kb(&status).context("/proc/PID/status")?,
    })
}

fn cpu_us(stat: &str) -> Option<u64> {
    // The second field, the command, may hold spaces and brackets; the numbers begin behind the last bracket.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks * 1_000_000 / ticks_per_second())
}

fn rss_kb(status: &str) -> Option<u64> {
    status
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))?
        .trim()
        .split(' ')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_is_readable() {
        let reading = read(std::process::id()).unwrap();
        assert!(reading.rss_kb > 500);
        assert_eq!(
            cpu_us("1 (a) b) S 1 1 1 0 -1 0 0 0 0 0 7 5 0 0"),
            Some(12 * 1_000_000 / ticks_per_second())
        );
        assert!(read(u32::MAX).is_err());
    }
}
