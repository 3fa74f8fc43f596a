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
        assert!(machine_cpu_us().unwrap() >= reading.cpu_us);
        assert_eq!(
            busy_us("cpu  1 2 3 4 5 6 7 8 9 10\n"),
            Some(27 * 1_000_000 / ticks_per_second())
        );
    }
}
